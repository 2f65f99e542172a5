import type { DType, ValueId } from '@attune/ir';
import { isByWindow } from './by-window.js';
import type { Task } from './task.js';

export interface BindingCount {
  /** The inputs that outputs take over, by output. */
  readonly aliases: ReadonlyMap<ValueId, ValueId>;
  /** Values of one element, which share a buffer. */
  readonly isShared: (value: ValueId) => boolean;
  /** How many bindings a value takes. */
  readonly windowsOf: (value: ValueId) => number;
  readonly dtypeOf: (value: ValueId) => DType;
  /** Whether what a task makes is read elsewhere. */
  readonly isWritten: (value: ValueId) => boolean;
}

/** Storage buffers that a kernel for the tasks binds. */
export function bindingCount(tasks: readonly Task[], options: BindingCount): number {
  const { aliases, isShared, windowsOf, isWritten } = options;
  const made = new Set<ValueId>();
  const read = new Set<ValueId>();
  for (const { op, reads } of tasks) {
    for (const output of op.outputs) made.add(output);
    for (const value of reads.keys()) read.add(value);
  }
  const outside = [...read].filter((value) => !made.has(value));
  const written = [...made].filter(isWritten);
  const shared = [...outside, ...written].filter(isShared);
  const own = new Set([...outside, ...written].filter((value) => !isShared(value)));
  for (const value of written) {
    const input = aliases.get(value);
    if (input !== undefined && read.has(input)) own.delete(value);
  }
  const windows = isByWindow(tasks, options) ? own.size : [...own].reduce((sum, value) => sum + windowsOf(value), 0);
  return windows + (shared.length > 0 ? 1 : 0);
}
