/** Where every stored value lies. */
import { type Program, scatterAddDefinition, type ValueId } from '@attune/ir';
import { sameIndex } from '../expressions/index-expression.js';
import type { Group } from './group.js';
import { isOp } from './op.js';
import { elementLoop } from './task.js';
import { updateInPlaceDefinition } from './update-in-place.js';

export type Location =
  /** A buffer that comes from outside or goes there: an input, a constant or an output of the program, by number. */
  | { readonly kind: 'input' | 'constant' | 'output'; readonly index: number }
  /** A part of the memory that kernels pass values on through. */
  | { readonly kind: 'scratch'; readonly slot: number; readonly offset: number; readonly bytes: number }
  /** A word of the buffer of single elements. */
  | { readonly kind: 'scalar'; readonly word: number };

/**
 * Outputs that are written into the buffer of the input that they take over: those that every thread reads only where it
 * writes, in the last group that reads the input.
 * @returns inputs by output value
 */
export function inPlaceOutputs(program: Program, groups: readonly Group[]): ReadonlyMap<ValueId, ValueId> {
  const inPlace = new Map<ValueId, ValueId>();
  for (const { input, output } of program.aliases) {
    const [source, target] = [program.inputs[input]!.value, program.outputs[output]!.value];
    if (program.outputs.some(({ value }) => value === source)) continue;
    if (program.outputs.findIndex(({ value }) => value === target) !== output) continue;
    const maker = groups.findIndex((group) => group.levelOf(target) !== undefined);
    if (maker < 0 || !canReplace(groups[maker]!, source)) continue;
    const isReadLater = groups
      .slice(maker + 1)
      .some(({ members }) => members.some(({ task }) => task.reads.has(source)));
    if (!isReadLater) inPlace.set(target, source);
  }
  return inPlace;
}

/** Whether the group's kernel reads an input only where the same thread then writes. */
function canReplace({ domain, members }: Group, source: ValueId): boolean {
  return members.every(({ task, level }) => {
    // What is done for each element of a reduction, others may do with a result that has been written already.
    if (domain.kind === 'reduction' && level === 'element') return false;
    const indices = task.reads.get(source);
    if (!indices) return true;
    if (isOp(task.op, scatterAddDefinition) || isOp(task.op, updateInPlaceDefinition))
      return task.op.inputs[0] === source && indices.length === 1;
    const own = elementLoop(domain.kind === 'reduction' ? domain.shape.outer : domain.elements);
    return task.kind === 'map' && indices.every((index) => sameIndex(index, own));
  });
}
