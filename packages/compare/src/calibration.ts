/** How far probabilities can be believed. */
import { argmaxOf } from '@attune/core';

export interface Judged {
  /** Of the classes. */
  readonly probabilities: Float32Array;
  /** The class that it is. */
  readonly target: number;
}

/**
 * The expected calibration error (Guo et al. 2017, arXiv 1706.04599): how far the confidence in answers is from the share
 * that is right, on average over 15 bins of equal width.
 */
export function calibrationError(judged: readonly Judged[], bins = 15): number {
  const totals = Array.from({ length: bins }, () => ({ confidence: 0, right: 0 }));
  for (const { probabilities, target } of judged) {
    const best = argmaxOf(probabilities);
    const bin = totals[Math.min(bins - 1, Math.max(0, Math.ceil(probabilities[best]! * bins) - 1))]!;
    bin.confidence += probabilities[best]!;
    if (best === target) bin.right += 1;
  }
  const error = totals.reduce((sum, { confidence, right }) => sum + Math.abs(confidence - right), 0);
  return judged.length === 0 ? 0 : error / judged.length;
}
