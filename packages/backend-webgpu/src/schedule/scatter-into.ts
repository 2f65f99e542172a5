import {
  addDefinition,
  broadcastDefinition,
  type Program,
  scatterAdd,
  scatterAddDefinition,
  type ValueId,
} from '@attune/ir';
import { isOp } from './op.js';
import { makersOf, rewriteAll, usesOf } from './rewrite.js';

/**
 * Adds updates to an input instead of to zeros that are then added to it: the gradient of an embedding to what was
 * accumulated, of which only the rows that occur are touched.
 */
export function scatterIntoInputs(program: Program): Program {
  const [makers, uses] = [makersOf(program), usesOf(program)];
  const inputs = new Set(program.inputs.map(({ value }) => value));
  const zeros = new Set(
    program.constants.filter(({ tensor }) => tensor.data.every((number) => number === 0)).map(({ value }) => value),
  );
  const isZero = (value: ValueId) => {
    const maker = makers.get(value);
    return maker !== undefined && isOp(maker, broadcastDefinition) && zeros.has(maker.inputs[0]!);
  };
  return rewriteAll(program, (op, operands, handleOf) => {
    if (!isOp(op, addDefinition)) return undefined;
    for (const position of [0, 1]) {
      const [sum, update] = [op.inputs[1 - position]!, op.inputs[position]!];
      const scatter = makers.get(update);
      if (!scatter || !isOp(scatter, scatterAddDefinition) || uses.get(update) !== 1) continue;
      const [onto, indices, updates] = scatter.inputs;
      if (inputs.has(sum) && isZero(onto!))
        return [scatterAdd(operands[1 - position]!, handleOf(indices!), handleOf(updates!), scatter.attributes.axis)];
    }
    return undefined;
  });
}
