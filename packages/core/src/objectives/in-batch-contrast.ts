import { crossEntropyRows, iota, mul, sum, type Value } from '@attune/ir';
import { cosineMatrix } from './cosines.js';

/**
 * The sum over anchors [rows, width] of the cross entropy of scale * cosine(anchor i, document j) with target i;
 * documents are [rows or more, width], the partners first.
 */
export function inBatchContrast(anchors: Value, documents: Value, scale: number): Value {
  const scores = mul(cosineMatrix(anchors, documents), scale);
  return sum(crossEntropyRows(scores, iota(scores.builder, [scores.type.shape[0]!], 0)));
}
