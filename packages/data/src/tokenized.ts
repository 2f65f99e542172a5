import {
  type Batch,
  type BatchOptions,
  type ContextWindow,
  type HostBatch,
  IGNORED_LABEL,
  permutation,
  type TokenizedDataset,
  type TokenRow,
} from '@attune/core';
import { padRows } from '@attune/core/internal';
import { Sha256 } from '@attune/hub/internal';
import { AttuneError, type HostTensor, hostTensor } from '@attune/ir';
import { type BucketOptions, bucketOf, chooseBuckets } from './buckets.js';
import { heldOutIndices } from './hold-out.js';

/** One example as numbers: token ids, and the label fields of its task. */
export interface EncodedExample {
  readonly ids: readonly number[];
  readonly typeIds: readonly number[];
  readonly labels: LabelFields;
  /** Line in the source. */
  readonly row: number;
  readonly truncated: boolean;
  /** Further texts of the example, as many for each; see `TokenizedOptions.textsPerExample`. */
  readonly further?: readonly TokenRow[];
  /** The text behind a row of question answering. */
  readonly window?: ContextWindow;
}

/**
 * Fields beside the tokens. A number is one value per example (a class id); an array is one per token, which padding
 * extends by the ignored label, unless the task says that it is one per class.
 */
export type LabelFields = Readonly<Record<string, number | readonly number[]>>;

/** How a label field becomes a tensor. */
export interface LabelField {
  readonly name: string;
  readonly dtype: 'i32' | 'f32';
  /** `example`: one value; `token`: one per token; a number: a vector of that width. */
  readonly per: 'example' | 'token' | number;
  /** What rows hold that only fill up the last batch, and what padding tokens hold. */
  readonly filler: number;
}

export interface TokenizedOptions extends BucketOptions {
  readonly name: string;
  readonly padTokenId: number;
  readonly labelFields: readonly LabelField[];
  /** No bucket is longer than this. */
  readonly maxLength: number;
  /** Changes the examples of a batch as a function of seed and epoch (masking); called when the batch is made. */
  readonly transform?: (
    examples: readonly EncodedExample[],
    indices: readonly number[],
    draw: Draw,
  ) => readonly EncodedExample[];
  /** What the transform depends on beside its arguments; part of the fingerprint. */
  readonly settings?: string;
  /** Rows of the source that were left out. */
  readonly skippedRows?: number;
  /**
   * For texts that are compared with one another: how many each example has. Batches hold all first texts, then all second
   * ones, and so on, and no rows that fill them up.
   */
  readonly textsPerExample?: number;
  /** Which examples an epoch has, and in which order, by their classes; each once by default. */
  readonly order?: (classes: readonly number[], draw: Draw) => readonly number[];
}

/** What a transform may depend on. */
export interface Draw {
  readonly seed: number;
  readonly epoch: number;
}

/** Encoded examples in length buckets: batches of a few static shapes. */
export function tokenizedDataset(examples: readonly EncodedExample[], options: TokenizedOptions): TokenizedDataset {
  if (examples.length === 0) {
    throw new AttuneError('E_DATA_EMPTY', `${options.name} has no example.`, { file: options.name });
  }
  const { textsPerExample = 1 } = options;
  const lengths = examples.map(({ ids, further = [] }) =>
    Math.max(ids.length, ...further.map((text) => text.ids.length)),
  );
  const buckets = chooseBuckets(lengths, options).map((bucket) => Math.min(bucket, options.maxLength));
  let fingerprint: string | undefined;
  return {
    length: examples.length,
    get fingerprint() {
      fingerprint ??= fingerprintOf(examples, buckets, options);
      return fingerprint;
    },
    skippedRows: options.skippedRows ?? 0,
    varies: options.transform !== undefined,
    ...(textsPerExample > 1 ? { textsPerExample } : {}),
    batches: (batchOptions) => batches(examples, lengths, buckets, options, batchOptions),
    ...(hasClasses(options)
      ? {
          async balanced() {
            const { balancedOrder: order } = await import('./balanced-order.js');
            return tokenizedDataset(examples, { ...options, order });
          },
        }
      : {}),
    holdOut(request) {
      const held = new Set(heldOutIndices(examples, request));
      const all = Array.from(examples.keys());
      return {
        train: subset(
          examples,
          all.filter((index) => !held.has(index)),
          options,
        ),
        heldOut: held.size === 0 ? undefined : subset(examples, [...held], options),
      };
    },
  };
}

/** Some of the examples; a transform still sees the indices that they had among all. */
function subset(
  examples: readonly EncodedExample[],
  indices: readonly number[],
  { transform, ...options }: TokenizedOptions,
): TokenizedDataset {
  return tokenizedDataset(
    indices.map((index) => examples[index]!),
    {
      ...options,
      ...(transform
        ? {
            transform: (chosen, members, draw) =>
              transform(
                chosen,
                members.map((index) => indices[index]!),
                draw,
              ),
          }
        : {}),
    },
  );
}

function batches(
  examples: readonly EncodedExample[],
  lengths: readonly number[],
  buckets: readonly number[],
  options: TokenizedOptions,
  { batchSize, shuffle }: BatchOptions,
): readonly (() => Batch)[] {
  const draw = { seed: shuffle?.seed ?? 0, epoch: shuffle?.epoch ?? 0 };
  const groups = shuffle
    ? shuffledGroups(orderOf(examples, options, draw), lengths, buckets, batchSize, draw)
    : orderedGroups(lengths, buckets, batchSize);
  return groups.map(({ members, bucket }) => () => {
    const chosen = members.map((index) => examples[index]!);
    const rows = options.transform?.(chosen, members, draw) ?? chosen;
    return { ...collate(rows, bucket, batchSize, options), indices: members };
  });
}

const orderOf = (examples: readonly EncodedExample[], { order }: TokenizedOptions, draw: Draw): Iterable<number> =>
  order?.(
    examples.map(({ labels }) => Number(labels[classLabel.name])),
    draw,
  ) ?? permutation(examples.length, draw.seed, 'batches', draw.epoch);

/** Whether each example has one class. */
const hasClasses = ({ labelFields }: TokenizedOptions): boolean =>
  labelFields.some(({ name, dtype, per }) => name === classLabel.name && dtype === 'i32' && per === 'example');

interface Group {
  readonly members: readonly number[];
  readonly bucket: number;
}

/**
 * Walks the examples in the epoch's order and closes a batch whenever a bucket is full; what is left over at the end
 * is gathered from short to long, so that one batch at most is not full.
 */
function shuffledGroups(
  order: Iterable<number>,
  lengths: readonly number[],
  buckets: readonly number[],
  batchSize: number,
  draw: Draw,
): Group[] {
  const open = new Map<number, number[]>(buckets.map((bucket) => [bucket, []]));
  const groups: Group[] = [];
  for (const index of order) {
    const bucket = bucketOf(lengths[index]!, buckets);
    const members = open.get(bucket)!;
    members.push(index);
    if (members.length === batchSize) {
      groups.push({ members, bucket });
      open.set(bucket, []);
    }
  }
  const left = [...open.values()].flat();
  for (let start = 0; start < left.length; start += batchSize) {
    groups.push(closing(left.slice(start, start + batchSize), lengths, buckets));
  }
  const turns = permutation(groups.length, draw.seed, 'batches/order', draw.epoch);
  return Array.from(turns, (index) => groups[index]!);
}

/** Batches from short to long: the order does not matter, as every row is in the result once. */
function orderedGroups(lengths: readonly number[], buckets: readonly number[], batchSize: number): Group[] {
  const order = lengths.map((_, index) => index).sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  const groups: Group[] = [];
  for (let start = 0; start < order.length; start += batchSize) {
    groups.push(closing(order.slice(start, start + batchSize), lengths, buckets));
  }
  return groups;
}

function closing(members: readonly number[], lengths: readonly number[], buckets: readonly number[]): Group {
  return { members, bucket: bucketOf(Math.max(...members.map((index) => lengths[index]!)), buckets) };
}

/**
 * Pads rows to `[batchSize, length]`. Rows that fill up an incomplete batch hold one attended padding token and ignored
 * labels: they count for nothing.
 */
function collate(
  rows: readonly EncodedExample[],
  length: number,
  batchSize: number,
  { padTokenId, labelFields, name, textsPerExample }: TokenizedOptions,
): Omit<Batch, 'indices'> {
  const texts = textsOf(rows);
  const size = textsPerExample === undefined ? batchSize : rows.length;
  const tensors: Record<string, HostTensor> = {
    ...padRows(texts, { length, batchSize: size * (textsPerExample ?? 1), padTokenId }),
  };
  for (const field of labelFields) tensors[field.name] = collateLabels(rows, field, length, size, name);
  const windows = rows.flatMap(({ window }) => window ?? []);
  return {
    tensors: tensors satisfies HostBatch,
    rows: rows.map(({ row }) => row),
    tokens: texts.reduce((sum, { ids }) => sum + ids.length, 0),
    ...(windows.length > 0 ? { windows } : {}),
  };
}

/** All first texts, then all second ones, and so on. */
function textsOf(rows: readonly EncodedExample[]): readonly TokenRow[] {
  const count = rows[0]?.further?.length ?? 0;
  const further = Array.from({ length: count }, (_, index) => rows.flatMap((row) => row.further?.[index] ?? []));
  return [...rows, ...further.flat()];
}

function collateLabels(
  rows: readonly EncodedExample[],
  { name, dtype, per, filler }: LabelField,
  length: number,
  batchSize: number,
  source: string,
): HostTensor {
  const width = per === 'example' ? 1 : per === 'token' ? length : per;
  const data = new Array<number>(batchSize * width).fill(filler);
  for (const [index, example] of rows.entries()) {
    const value = example.labels[name];
    if (value === undefined) {
      throw new AttuneError('E_DATA', `${source}:${example.row} has no "${name}".`, { file: source, field: name });
    }
    const values = typeof value === 'number' ? [value] : value;
    for (const [position, number] of values.entries()) data[index * width + position] = number;
  }
  return hostTensor(per === 'example' ? [batchSize] : [batchSize, width], data, dtype);
}

/** A hash of all that batches are made of, in order. */
function fingerprintOf(
  examples: readonly EncodedExample[],
  buckets: readonly number[],
  { padTokenId, labelFields, settings = '' }: TokenizedOptions,
): string {
  const hash = new Sha256().update(JSON.stringify({ buckets, padTokenId, labelFields, settings }));
  for (const { ids, typeIds, labels, further } of examples) {
    hash.update(`\n${JSON.stringify([ids, typeIds, labels, ...(further ? [further] : [])])}`);
  }
  return hash.digest();
}

export const classLabel: LabelField = { name: 'labels', dtype: 'i32', per: 'example', filler: IGNORED_LABEL };
export const tokenLabels: LabelField = { name: 'labels', dtype: 'i32', per: 'token', filler: IGNORED_LABEL };
