/** Packing: texts one behind the other in rows that are full, so that nothing is spent on padding. */
import type { Encoding } from '@attune/hub';

/** The columns of an encoding that a row keeps. */
export type PackedColumns = Pick<Encoding, 'ids' | 'typeIds' | 'wordIds'>;

export interface PackedRow extends PackedColumns {
  /** Number of the first text in the row. */
  readonly first: number;
}

/**
 * Rows of `length` tokens, the last one shorter, as RoBERTa's "full sentences" (Liu et al. 2019, arXiv 1907.11692): what
 * stands before a text ([CLS]) begins a row, what stands behind it ([SEP]) follows each text in it, and a text that does
 * not fit goes on in the next row.
 * @param encodings of whole texts, with their special tokens, which have no word
 */
export function packEncodings(encodings: Iterable<PackedColumns>, length: number): readonly PackedRow[] {
  const rows: PackedRow[] = [];
  let row = new OpenRow(0);
  let number = 0;
  for (const encoding of encodings) {
    const { before, text, behind } = partsOf(encoding);
    let from = 0;
    while (from < text.length) {
      if (row.size === 0) row = new OpenRow(number, before);
      const room = length - row.size - behind.length;
      if (room < 1) {
        rows.push(row.close());
        row = new OpenRow(number);
        continue;
      }
      row.add(text.slice(from, from + room));
      row.add(behind);
      from += room;
    }
    number++;
  }
  if (row.size > 0) rows.push(row.close());
  return rows;
}

interface Token {
  readonly id: number;
  readonly typeId: number;
  readonly word: number | null;
}

/** The special tokens before the text, its own, and the special ones behind it. */
function partsOf({ ids, typeIds, wordIds }: PackedColumns) {
  const tokens = ids.map((id, index): Token => ({ id, typeId: typeIds[index]!, word: wordIds[index]! }));
  const first = tokens.findIndex(({ word }) => word !== null);
  const last = tokens.findLastIndex(({ word }) => word !== null);
  if (first < 0) return { before: [], text: [], behind: [] };
  return { before: tokens.slice(0, first), text: tokens.slice(first, last + 1), behind: tokens.slice(last + 1) };
}

class OpenRow {
  readonly #first: number;
  readonly #tokens: Token[];

  constructor(first: number, tokens: readonly Token[] = []) {
    this.#first = first;
    this.#tokens = [...tokens];
  }

  get size(): number {
    return this.#tokens.length;
  }

  add(tokens: readonly Token[]): void {
    this.#tokens.push(...tokens);
  }

  close(): PackedRow {
    return {
      first: this.#first,
      ids: this.#tokens.map(({ id }) => id),
      typeIds: this.#tokens.map(({ typeId }) => typeId),
      wordIds: this.#tokens.map(({ word }) => word),
    };
  }
}
