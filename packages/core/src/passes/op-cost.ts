import { dotGeneralDefinition, elementCount, type Op, type Program, ProgramBuilder } from '@attune/ir';
import { isNode } from './rewriter.js';

/** Scalar operations of one op, roughly: multiply-adds of products, elements of everything else. */
export function opCost(op: Op, { types }: Pick<Program, 'types'>): number {
  const { definition, attributes, inputs, outputs } = op;
  const [operands, results] = [inputs.map((id) => types[id]!), outputs.map((id) => types[id]!)];
  const elements = results.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  if (definition.kind === 'composite') {
    const builder = new ProgramBuilder(definition.name);
    const values = definition.decompose(
      operands.map((type, index) => builder.input(String(index), type)),
      attributes,
    );
    const program = builder.finish(Object.fromEntries(values.map((value, index) => [String(index), value])));
    return program.ops.reduce((sum, inner) => sum + opCost(inner, program), 0);
  }
  const node = { definition, attributes, inputs: [] };
  if (!isNode(node, dotGeneralDefinition)) {
    return Math.max(elements, ...operands.map(({ shape }) => elementCount(shape)));
  }
  const contracted = node.attributes.lhsContract.map((axis) => operands[0]!.shape[axis]!);
  return 2 * elements * elementCount(contracted);
}
