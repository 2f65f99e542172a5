/** The kernels of a group of tasks. */
import { cumsumDefinition, type Op, scatterAddDefinition, sortDefinition, type ValueId } from '@attune/ir';
import { isByWindow, wordWindows } from '../schedule/by-window.js';
import type { Group } from '../schedule/group.js';
import { isOp } from '../schedule/op.js';
import { partialSumsDefinition } from '../schedule/sums.js';
import { updateInPlaceDefinition } from '../schedule/update-in-place.js';
import { cumsumKernel } from './cumsum.js';
import type { Kernel } from './kernel.js';
import { copyPlan, type MapPlan, mapKernel, mapPlan } from './map.js';
import { partialSumsKernels } from './partial-sums.js';
import { productKernel } from './product.js';
import { reductionKernel } from './reduction.js';
import { scatterAddKernel } from './scatter-add.js';
import type { Storage } from './shader.js';
import { sortKernel } from './sort.js';
import { updateInPlaceKernel } from './update-in-place.js';

/** @param writes the group's results that other groups or the program's user read */
export function groupKernels(group: Group, writes: readonly ValueId[], storage: Storage): readonly Kernel[] {
  const ops = group.members.map(({ task }) => task.op);
  const { domain } = group;
  switch (domain.kind) {
    case 'map':
      return mapKernels(group, mapPlan(ops, domain.elements, writes, storage.expressions), storage);
    case 'reduction': {
      const members = group.members.map(({ task, level }) => ({
        op: task.op,
        level,
        isReduction: task.kind === 'reduction',
        reads: [...task.reads.keys()],
      }));
      return [reductionKernel({ shape: domain.shape, members, writes }, storage)];
    }
    case 'product':
      return [productKernel({ shape: domain.shape, product: ops[0]!, ops: ops.slice(1), writes }, storage)];
    case 'other':
      return otherKernels(ops[0]!, storage);
  }
}

/** One kernel, or one for each window of what is larger than a binding may be. */
function mapKernels({ members }: Group, plan: MapPlan, storage: Storage): readonly Kernel[] {
  const { expressions, tuning } = storage;
  const tasks = members.map(({ task }) => task);
  const windowsOf = (value: ValueId) => wordWindows(value, expressions, tuning);
  if (!isByWindow(tasks, { windowsOf, dtypeOf: (value) => expressions.dtypeOf(value) })) {
    return [mapKernel(plan, storage)];
  }
  const windows = Math.max(...plan.writes.map(windowsOf));
  return Array.from({ length: windows }, (_, window) => mapKernel(plan, storage, window));
}

function otherKernels(op: Op, storage: Storage): readonly Kernel[] {
  if (isOp(op, cumsumDefinition)) return [cumsumKernel(op, op.attributes, storage)];
  if (isOp(op, sortDefinition)) return [sortKernel(op, op.attributes, storage)];
  if (isOp(op, partialSumsDefinition)) return partialSumsKernels(op, op.attributes, storage);
  if (isOp(op, scatterAddDefinition)) return withOperand(op, scatterAddKernel(op, op.attributes, storage), storage);
  if (isOp(op, updateInPlaceDefinition)) return withOperand(op, updateInPlaceKernel(op, storage), storage);
  throw new TypeError(`${op.definition.name} is no op with kernels of its own`);
}

/** A kernel that changes what has the operand's elements: after a copy of them, where the result lies elsewhere. */
function withOperand({ inputs, outputs }: Op, kernel: Kernel, storage: Storage): readonly Kernel[] {
  const [operand, result] = [inputs[0]!, outputs[0]!];
  if (storage.inPlaceOf(result) === operand) return [kernel];
  return [mapKernel(copyPlan(operand, result, storage.expressions), storage), kernel];
}
