import { dotGeneralDefinition, elementCount, type Op, type Program, ProgramBuilder } from '@attune/ir';
import { isNode } from './rewriter.js';

type Typed = Pick<Program, 'types'>;

/** Scalar operations of one op, roughly: multiply-adds of products, elements of everything else. */
export function opCost(op: Op, program: Typed): number {
  const { definition, attributes, inputs, outputs } = op;
  if (definition.kind === 'composite') {
    const parts = decomposition(op, program);
    return parts.ops.reduce((sum, part) => sum + opCost(part, parts), 0);
  }
  const sizeOf = (id: number) => elementCount(program.types[id]!.shape);
  const elements = outputs.reduce((sum, id) => sum + sizeOf(id), 0);
  const node = { definition, attributes, inputs: [] };
  if (!isNode(node, dotGeneralDefinition)) return Math.max(elements, ...inputs.map(sizeOf));
  const { shape } = program.types[inputs[0]!]!;
  return 2 * elements * elementCount(node.attributes.lhsContract.map((axis) => shape[axis]!));
}

/** A composite as a program of its own. */
function decomposition({ definition, attributes, inputs }: Op, { types }: Typed): Program {
  const builder = new ProgramBuilder(definition.name);
  const operands = inputs.map((id, index) => builder.input(String(index), types[id]!));
  const values =
    definition.kind === 'composite'
      ? definition.decompose(operands, attributes)
      : builder.apply(definition, operands, attributes);
  return builder.finish(Object.fromEntries(values.map((value, index) => [String(index), value])));
}
