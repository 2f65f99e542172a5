/**
 * Length buckets: the few static lengths that batches are padded to. Each costs one compilation, and each saves work on
 * padding.
 */

export interface BucketOptions {
  /** At most this many; 4 by default. */
  readonly maxBuckets?: number;
  /** Lengths are rounded up to a multiple of this; 8 by default. */
  readonly multipleOf?: number;
  /** Another bucket must save at least this share of the padded tokens; 0.05 by default. */
  readonly minSaving?: number;
}

/** The ascending bucket lengths that pad the given lengths least. The last holds the longest. */
export function chooseBuckets(
  lengths: readonly number[],
  { maxBuckets = 4, multipleOf = 8, minSaving = 0.05 }: BucketOptions = {},
): readonly number[] {
  const counts = new Map<number, number>();
  for (const length of lengths) {
    const rounded = Math.max(1, Math.ceil(length / multipleOf)) * multipleOf;
    counts.set(rounded, (counts.get(rounded) ?? 0) + 1);
  }
  const sizes = [...counts.keys()].sort((a, b) => a - b);
  let best = partition(sizes, counts, 1);
  for (let count = 2; count <= Math.min(maxBuckets, sizes.length); count++) {
    const next = partition(sizes, counts, count);
    if (next.tokens > best.tokens * (1 - minSaving)) break;
    best = next;
  }
  return best.buckets;
}

/** The least padded tokens with exactly `count` buckets, by dynamic programming over the distinct sizes. */
function partition(sizes: readonly number[], counts: ReadonlyMap<number, number>, count: number): Partition {
  const rows = [0];
  for (const size of sizes) rows.push(rows.at(-1)! + counts.get(size)!);
  const cost = (from: number, to: number) => (rows[to + 1]! - rows[from]!) * sizes[to]!;
  let ending: Partition[] = sizes.map((size, to) => ({ tokens: cost(0, to), buckets: [size] }));
  for (let used = 2; used <= count; used++) {
    ending = sizes.map((size, to) => {
      let best: Partition = { tokens: Number.POSITIVE_INFINITY, buckets: [] };
      for (let split = used - 2; split < to; split++) {
        const before = ending[split]!;
        const tokens = before.tokens + cost(split + 1, to);
        if (tokens < best.tokens) best = { tokens, buckets: [...before.buckets, size] };
      }
      return best;
    });
  }
  return ending.at(-1) ?? { tokens: 0, buckets: [] };
}

interface Partition {
  readonly tokens: number;
  readonly buckets: readonly number[];
}

/** The smallest bucket that holds `length`. */
export function bucketOf(length: number, buckets: readonly number[]): number {
  return buckets.find((bucket) => bucket >= length) ?? buckets.at(-1)!;
}
