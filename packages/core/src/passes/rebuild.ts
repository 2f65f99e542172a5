import { inlineAll, type Op, type Program, ProgramBuilder, type Value } from '@attune/ir';

/** A program with some ops replaced; ports and aliases stay. `rewrite` returns undefined to keep an op. */
export function rebuild(
  program: Program,
  rewrite: (op: Op, inputs: readonly Value[]) => readonly Value[] | undefined,
): Program {
  const builder = new ProgramBuilder(program.name);
  const inputs = program.inputs.map((port) => builder.input(port.name, program.types[port.value]!));
  const values = inlineAll(builder, program, inputs, rewrite);
  return builder.finish(
    Object.fromEntries(program.outputs.map((port) => [port.name, values[port.value]!])),
    program.aliases,
  );
}
