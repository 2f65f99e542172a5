/** How far probabilities can be believed. */
import { argmaxOf } from '@attune/core';
import { softmaxOf, uniformUnit } from '@attune/core/internal';
import { fitTemperature } from './temperature.js';

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

/**
 * The same with a temperature that is fitted on data it is not measured on: the examples are drawn into two halves, and each is
 * measured at the temperature of the other. If a half is empty, the error as it is.
 */
export function errorWithTemperature(judged: readonly Judged[]): number {
  const draws = uniformUnit(judged.length, 0, 'calibration halves');
  const halves = [true, false].map((isFirst) => judged.filter((_, index) => draws[index]! < 0.5 === isFirst));
  if (halves.some(({ length }) => length === 0)) return calibrationError(judged);
  const corrected = halves.flatMap((half, index) => {
    const temperature = temperatureOf(halves[1 - index]!);
    return half.map((each) => {
      return { ...each, probabilities: softmaxOf(logitsOf(each).map((logit) => logit / temperature)) };
    });
  });
  return calibrationError(corrected);
}

const temperatureOf = (judged: readonly Judged[]): number =>
  fitTemperature(
    judged.map(logitsOf),
    judged.map(({ target }) => target),
  );

/** Up to a number that is the same for all classes. */
const logitsOf = ({ probabilities }: Judged): Float32Array =>
  probabilities.map((each) => Math.log(Math.max(each, Number.MIN_VALUE)));
