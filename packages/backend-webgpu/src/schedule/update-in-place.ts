import {
  defineComposite,
  dynamicUpdateSlice,
  dynamicUpdateSliceDefinition,
  elementCount,
  type Program,
} from '@attune/ir';
import { hostFormat } from '../wgsl/format.js';
import { isOp } from './op.js';
import { rewriteAll } from './rewrite.js';
import type { Tuning } from './tuning.js';

/** dynamic_update_slice as a kernel that writes the part alone, where the rest is there already. */
export const updateInPlaceDefinition = defineComposite<'update_in_place', Readonly<Record<string, never>>>({
  name: 'update_in_place',
  infer: ([operand]) => [operand!],
  decompose: ([operand, update, ...starts]) => [dynamicUpdateSlice(operand!, update!, starts)],
});

/**
 * Marks the updates of inputs whose storage the result takes over, such as those of a cache. Elements that share words stay
 * with kernels that make all of a word.
 */
export function updateInputs(program: Program, tuning: Tuning): Program {
  const { types, inputs, outputs, aliases } = program;
  const taken = new Map(aliases.map(({ input, output }) => [outputs[output]!.value, inputs[input]!.value]));
  return rewriteAll(program, (op, operands) => {
    if (!isOp(op, dynamicUpdateSliceDefinition)) return undefined;
    const [operand, update] = op.inputs;
    const { dtype } = types[operand!]!;
    const isOwn = taken.get(op.outputs[0]!) === operand && hostFormat(dtype, tuning).perWord === 1;
    if (!isOwn || elementCount(types[update!]!.shape) === 0) return undefined;
    return operands[0]!.builder.apply(updateInPlaceDefinition, operands, {});
  });
}
