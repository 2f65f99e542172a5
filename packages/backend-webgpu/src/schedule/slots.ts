/** Memory for values that kernels pass on: values that are never alive together share a slot. */
import type { ValueId } from '@attune/ir';

export interface Lifetime {
  /** Values that lie there at the same time, side by side. */
  readonly values: readonly ValueId[];
  readonly bytes: number;
  /** The steps that make it and that read it last. */
  readonly first: number;
  readonly last: number;
}

export interface SlotPlan {
  /** Bytes of each slot. */
  readonly sizes: readonly number[];
  readonly slotOf: ReadonlyMap<ValueId, number>;
}

/** How much larger a slot may be than a value that it is taken for. */
const SLACK = 2;

/** @param lifetimes by ascending first step */
export function planSlots(lifetimes: readonly Lifetime[]): SlotPlan {
  const sizes: number[] = [];
  const busyUntil: number[] = [];
  const slotOf = new Map<ValueId, number>();
  for (const { values, bytes, first, last } of lifetimes) {
    const fitting = [...sizes.keys()]
      .filter((slot) => busyUntil[slot]! < first && sizes[slot]! >= bytes && sizes[slot]! <= bytes * SLACK)
      .sort((a, b) => sizes[a]! - sizes[b]!);
    const slot = fitting[0] ?? sizes.push(bytes) - 1;
    busyUntil[slot] = last;
    for (const value of values) slotOf.set(value, slot);
  }
  return { sizes, slotOf };
}
