/** In which order runs are made: what the recommendation needs comes first, so that a budget cuts off the rest. */
import type { Run } from './result.js';
import type { Shots } from './sample.js';

export interface PlanOptions {
  readonly methods: readonly string[];
  readonly shots: readonly Shots[];
  readonly seeds: number;
}

/** Larger than every number of shots. */
const sizeOf = (shots: Shots): number => (shots === 'all' ? Number.POSITIVE_INFINITY : shots);

/** From small to large, each once. */
export const ascending = (shots: readonly Shots[]): readonly Shots[] =>
  [...new Set(shots)].sort((one, other) => sizeOf(one) - sizeOf(other));

/** All runs: the largest sample first, then the learning curve from its small end, and all that for each further seed. */
export function planOf({ methods, shots, seeds }: PlanOptions): readonly Run[] {
  const sizes = ascending(shots);
  const ordered = [...sizes.slice(-1), ...sizes.slice(0, -1)];
  return Array.from({ length: seeds }, (_, seed) => seed).flatMap((seed) =>
    ordered.flatMap((size) => methods.map((method) => ({ method, shots: size, seed }))),
  );
}
