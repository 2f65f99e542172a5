/** Packing for training on texts: several in a row, each of which sees only itself. */
import { IGNORED_LABEL, POSITION_IDS } from '@attune/core';
import type { EncodedExample, LabelField } from '../tokenized.js';

/** Padding stands behind the last text of a row, and begins no other one. */
export const positionIds: LabelField = { name: POSITION_IDS, dtype: 'i32', per: 'token', filler: 1 };

/**
 * Texts in rows of at most `length` tokens by best fit decreasing (Ding et al. 2024, arXiv 2404.10830; TRL's `bfd`): the
 * longest first, each into the row that it fills best. `positionIds` count from 0 in each text, whose first token is no
 * target. None may be longer than a row.
 */
export function packRows(examples: readonly EncodedExample[], length: number): readonly EncodedExample[] {
  const rows: EncodedExample[][] = [];
  /** Numbers of rows by the tokens that they have left. */
  const open: number[][] = Array.from({ length: length + 1 }, () => []);
  const order = examples.toSorted((one, other) => other.ids.length - one.ids.length);
  for (const example of order) {
    const size = example.ids.length;
    let room = size;
    while (room <= length && open[room]?.length === 0) room++;
    const found = room <= length ? open[room]?.pop() : undefined;
    const number = found ?? rows.push([]) - 1;
    rows[number]?.push(example);
    open[(found === undefined ? length : room) - size]?.push(number);
  }
  return rows.map(joined);
}

function joined(texts: readonly EncodedExample[]): EncodedExample {
  const labelsOf = ({ labels: { labels } }: EncodedExample) => (Array.isArray(labels) ? labels : []);
  return {
    ids: texts.flatMap(({ ids }) => ids),
    typeIds: texts.flatMap(({ typeIds }) => typeIds),
    labels: {
      labels: texts.flatMap((text) =>
        labelsOf(text).map((label: number, place) => (place === 0 ? IGNORED_LABEL : label)),
      ),
      [POSITION_IDS]: texts.flatMap(({ ids }) => ids.map((_, place) => place)),
    },
    row: texts[0]?.row ?? 0,
    truncated: texts.some(({ truncated }) => truncated),
  };
}
