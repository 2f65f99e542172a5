/** Operands whose elements can be loaded four at a time. */
import type { ValueId } from '@attune/ir';
import { addConstant, divide, type Index, sameIndex, scale, variable } from '../expressions/index-expression.js';
import type { Scalar } from '../expressions/scalar.js';
import type { Storage } from './shader.js';

export interface VectorRead {
  readonly value: ValueId;
  /** The number of the vector, by the loop variable `quad`. */
  readonly index: Index;
}

/**
 * @param elementAt an element of an operand by one of its indices
 * @param size of that index, which becomes 4 quad, 4 quad + 1, …
 * @returns undefined where the elements are computed, or where four of them do not lie side by side on a multiple of four
 */
export function vectorRead(
  elementAt: (index: Index) => Scalar,
  size: number,
  storage: Storage,
): VectorRead | undefined {
  if (size % 4 !== 0) return undefined;
  const start = scale(variable('quad', size / 4), 4);
  const [first, second] = [elementAt(start), elementAt(addConstant(start, 1))];
  if (first.kind !== 'read' || second.kind !== 'read' || first.value !== second.value) return undefined;
  const { value } = first;
  const hasVectors = storage.formatOf(value).vector !== undefined && storage.scalarWord(value) === undefined;
  if (!hasVectors || !sameIndex(addConstant(first.index, 1), second.index)) return undefined;
  const [index, rest] = divide(first.index, 4);
  return rest.terms.length === 0 && rest.constant === 0 ? { value, index } : undefined;
}
