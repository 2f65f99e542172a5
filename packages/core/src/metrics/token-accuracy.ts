import { IGNORED_LABEL } from '../objective.js';
import { expectPairs } from './confusion.js';

/**
 * The share of right predictions among positions whose label is not -100; 0 where there are none.
 * @throws AttuneError `E_DATA` for lists that do not pair up
 */
export function tokenAccuracy(labels: ArrayLike<number>, predictions: ArrayLike<number>): number {
  expectPairs(labels, predictions);
  let [right, counted] = [0, 0];
  for (let index = 0; index < labels.length; index++) {
    if (labels[index] === IGNORED_LABEL) continue;
    counted++;
    if (labels[index] === predictions[index]) right++;
  }
  return counted === 0 ? 0 : right / counted;
}
