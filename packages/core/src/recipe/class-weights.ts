/** Weights of classes by how often they occur. */
import type { TokenizedDataset } from '../dataset.js';
import { IGNORED_LABEL } from '../objective.js';

/** How many labels there are of each class. */
export function countClasses(dataset: TokenizedDataset, classes: number): readonly number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const make of dataset.batches({ batchSize: 256 })) {
    for (const label of make().tensors.labels?.data ?? []) if (label !== IGNORED_LABEL) counts[label]! += 1;
  }
  return counts;
}

/** Whether the largest class is more than twenty times the smallest. */
export function isUneven(counts: readonly number[]): boolean {
  const present = counts.filter((count) => count > 0);
  return Math.max(...present) > 20 * Math.min(...present);
}

/**
 * The inverse of each class's share, so that all classes weigh the same in the loss (King and Zeng 2001; scikit-learn's
 * `class_weight='balanced'`). A class without examples has weight 1.
 */
export function balancedWeights(counts: readonly number[]): readonly number[] {
  const present = counts.filter((count) => count > 0);
  const total = present.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (count > 0 ? total / (present.length * count) : 1));
}
