import { type HostTensor, interpret, type Program } from '@attune/ir';

/** The outputs of a program, by name, as the float64 interpreter computes them from inputs by name. */
export function interpretByName(
  program: Program,
  inputs: ReadonlyMap<string, HostTensor>,
): ReadonlyMap<string, HostTensor> {
  const outputs = interpret(
    program,
    program.inputs.map(({ name }) => {
      const input = inputs.get(name);
      if (!input) throw new RangeError(`There is no input ${name}.`);
      return input;
    }),
  );
  return new Map(program.outputs.map(({ name }, index) => [name, outputs[index]!]));
}
