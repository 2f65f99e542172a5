import { inline, type Program, ProgramBuilder } from '@attune/ir';
import { byScan } from './scan.js';

/** The program with what goes through sequences step by step as loops. */
export function withLoops(program: Program): Program {
  const builder = new ProgramBuilder(program.name);
  const inputs = program.inputs.map(({ name, value }) => builder.input(name, program.types[value]!));
  const outputs = inline(builder, program, inputs, ({ definition, attributes }, operands) =>
    definition.kind === 'composite' ? definition.decomposeBy?.(byScan, operands, attributes) : undefined,
  );
  return builder.finish(
    Object.fromEntries(program.outputs.map(({ name }, index) => [name, outputs[index]!])),
    program.aliases,
  );
}
