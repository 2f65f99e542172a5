/** Elementwise work on tensors that are larger than a binding may be, which is done window by window. */
import { bytesPerElement, type DType, elementCount, type ValueId } from '@attune/ir';
import { sameIndex } from '../expressions/index-expression.js';
import type { ProgramExpressions } from '../expressions/program-expressions.js';
import { elementLoop, type Task } from './task.js';
import { type Tuning, windowBytes } from './tuning.js';

interface Values {
  /** `wordWindows`, whatever the value's own format. */
  readonly windowsOf: (value: ValueId) => number;
  readonly dtypeOf: (value: ValueId) => DType;
}

/** How many bindings a value takes whose elements have words to themselves. */
export const wordWindows = (value: ValueId, expressions: ProgramExpressions, tuning: Tuning): number =>
  Math.ceil((4 * elementCount(expressions.shapeOf(value))) / windowBytes(tuning)) || 1;

/**
 * Whether tasks take elements of large tensors only from where they put their own, so that a kernel needs one window of
 * each: those of elements that have words to themselves begin at the same ones.
 */
export function isByWindow(tasks: Iterable<Task>, { windowsOf, dtypeOf }: Values): boolean {
  let isLarge = false;
  for (const task of tasks) {
    if (task.kind !== 'map') return false;
    const own = elementLoop(task.elements);
    const reads = [...task.reads].filter(([value]) => windowsOf(value) > 1);
    if (!reads.every(([, indices]) => indices.every((index) => sameIndex(index, own)))) return false;
    const large = [...reads.map(([value]) => value), ...task.op.outputs.filter((value) => windowsOf(value) > 1)];
    if (!large.every((value) => bytesPerElement[dtypeOf(value)] === 4)) return false;
    isLarge ||= large.length > 0;
  }
  return isLarge;
}
