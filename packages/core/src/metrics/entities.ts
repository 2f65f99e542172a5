/** Entity scores of token classification, as seqeval's default mode (conlleval): BIO, and IOE, IOBES, BILOU-like tags. */
import { AttuneError } from '@attune/ir';
import type { ClassScores } from './classification.js';
import { expectPairs } from './confusion.js';
import { type Counts, macroF1, type Scores, scoresOf, sumCounts } from './scores.js';

export interface Entity {
  readonly type: string;
  /** First and last token. */
  readonly start: number;
  readonly end: number;
}

interface Tag {
  readonly prefix: string;
  readonly type: string;
}

const OUTSIDE: Tag = { prefix: 'O', type: '_' };

/** `B-PER` is B of PER; a tag without a type (`B`) is of type `_`. */
function parseTag(tag: string): Tag {
  const rest = tag.slice(1);
  return { prefix: tag.charAt(0), type: (rest.startsWith('-') ? rest.slice(1) : rest) || '_' };
}

function ends(previous: Tag, next: Tag): boolean {
  if (previous.prefix === 'O' || previous.prefix === '.') return false;
  if (previous.prefix === 'E' || previous.prefix === 'S' || previous.type !== next.type) return true;
  return next.prefix === 'B' || next.prefix === 'S' || next.prefix === 'O';
}

function starts(previous: Tag, next: Tag): boolean {
  if (next.prefix === 'O' || next.prefix === '.') return false;
  if (next.prefix === 'B' || next.prefix === 'S' || previous.type !== next.type) return true;
  return previous.prefix === 'E' || previous.prefix === 'S' || previous.prefix === 'O';
}

/** The entities of one sequence of tags. */
export function entitiesOf(tags: readonly string[]): readonly Entity[] {
  const entities: Entity[] = [];
  let previous = OUTSIDE;
  let start = 0;
  for (const [index, tag] of [...tags.map(parseTag), OUTSIDE].entries()) {
    if (ends(previous, tag)) entities.push({ type: previous.type, start, end: index - 1 });
    if (starts(previous, tag)) start = index;
    previous = tag;
  }
  return entities;
}

export interface EntityReport extends Scores {
  /** The share of right tags. */
  readonly accuracy: number;
  readonly macroF1: number;
  /** By type, in alphabetical order. */
  readonly perType: readonly ClassScores[];
}

/**
 * Micro-averaged scores of entities, which count where type, start and end are right.
 * @param labels the true tags of each sequence
 * @param predictions the predicted ones
 * @throws AttuneError `E_DATA` for sequences that do not pair up
 */
export function entityReport(
  labels: readonly (readonly string[])[],
  predictions: readonly (readonly string[])[],
): EntityReport {
  expectPairs(labels, predictions);
  const uneven = labels.findIndex((tags, index) => tags.length !== predictions[index]!.length);
  if (uneven >= 0) {
    throw new AttuneError(
      'E_DATA',
      `Sequence ${uneven} has ${labels[uneven]!.length} labels and ${predictions[uneven]!.length} predictions.`,
      { field: 'predictions' },
    );
  }
  const [actual, predicted] = [labels.flatMap(keyed), predictions.flatMap(keyed)];
  const known = new Set(actual.map(({ key }) => key));
  const types = [...new Set([...actual, ...predicted].map(({ type }) => type))].sort();
  const counts = types.map(
    (type): Counts => ({
      truePositives: predicted.filter((entity) => entity.type === type && known.has(entity.key)).length,
      predicted: predicted.filter((entity) => entity.type === type).length,
      actual: actual.filter((entity) => entity.type === type).length,
    }),
  );
  const tags = labels.flatMap((row, index) => row.map((tag, position) => tag === predictions[index]![position]));
  return {
    ...scoresOf(sumCounts(counts)),
    accuracy: tags.length === 0 ? 0 : tags.filter(Boolean).length / tags.length,
    macroF1: macroF1(counts),
    perType: types.map((label, index) => ({ label, ...scoresOf(counts[index]!) })),
  };
}

const keyed = (tags: readonly string[], sequence: number) =>
  entitiesOf(tags).map(({ type, start, end }) => ({ type, key: `${sequence}:${start}:${end}:${type}` }));
