/** Probabilities that can be believed, by one number for all of a model's logits. */

/** Bounds of the temperature, for data that a model answers without a fault. */
const [LOWEST, HIGHEST] = [0.05, 20];

/**
 * Temperature scaling (Guo et al. 2017, arXiv 1706.04599): the temperature by which logits are divided so that the right classes
 * are most likely; between 0.05 and 20. Which class is most probable stays the same.
 * @param logits of each example, which the model has not learned from
 * @param targets the class of each
 */
export function fitTemperature(logits: readonly Float32Array[], targets: readonly number[]): number {
  let [low, high] = [Math.log(1 / HIGHEST), Math.log(1 / LOWEST)];
  for (let round = 0; round < 60; round++) {
    const middle = (low + high) / 2;
    if (slopeAt(Math.exp(middle), logits, targets) > 0) high = middle;
    else low = middle;
  }
  return Math.exp(-(low + high) / 2);
}

/** The derivative of the cross entropy by the factor on the logits; it only grows. */
function slopeAt(factor: number, logits: readonly Float32Array[], targets: readonly number[]): number {
  let slope = 0;
  for (const [index, row] of logits.entries()) {
    const top = row.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    let [sum, weighted] = [0, 0];
    for (const value of row) {
      const power = Math.exp(factor * (value - top));
      sum += power;
      weighted += power * value;
    }
    slope += weighted / sum - row[targets[index]!]!;
  }
  return slope;
}
