import {
  type Attributes,
  inline,
  lstmBy,
  lstmDefinition,
  lstmGradientBy,
  lstmGradientDefinition,
  type Op,
  type OpDefinition,
  type Program,
  ProgramBuilder,
  type Value,
} from '@attune/ir';
import { byScan } from './scan.js';

/** Composites that go through sequences step by step. */
export const recurrentComposites: ReadonlySet<string> = new Set([lstmDefinition.name, lstmGradientDefinition.name]);

/** The program with such composites as loops. */
export function withLoops(program: Program): Program {
  const builder = new ProgramBuilder(program.name);
  const inputs = program.inputs.map(({ name, value }) => builder.input(name, program.types[value]!));
  const outputs = inline(builder, program, inputs, asLoop);
  return builder.finish(
    Object.fromEntries(program.outputs.map(({ name }, index) => [name, outputs[index]!])),
    program.aliases,
  );
}

function asLoop(op: Op, inputs: readonly Value[]): readonly Value[] | undefined {
  if (isOp(op, lstmDefinition)) return lstmBy(byScan, inputs);
  return isOp(op, lstmGradientDefinition) ? lstmGradientBy(byScan, inputs, op.attributes) : undefined;
}

/** True for an op of the definition, by name: two copies of a package do not break each other. */
function isOp<A extends Attributes>(
  op: Op,
  definition: OpDefinition<string, A>,
): op is Op & { readonly attributes: A } {
  return op.definition.name === definition.name;
}
