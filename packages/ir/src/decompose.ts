import { inlineAll, ProgramBuilder } from './builder.js';
import type { Op, Program } from './program.js';

/** Replaces every composite whose name is not in `keep` by its decomposition, until none is left. */
export function decomposeAll(program: Program, keep: ReadonlySet<string> = new Set()): Program {
  const decomposes = ({ definition }: Op) => definition.kind === 'composite' && !keep.has(definition.name);
  let current = program;
  while (current.ops.some(decomposes)) {
    const builder = new ProgramBuilder(current.name);
    const inputs = current.inputs.map((port) => builder.input(port.name, current.types[port.value]!));
    const values = inlineAll(builder, current, inputs, (op, operands) =>
      op.definition.kind === 'composite' && decomposes(op)
        ? op.definition.decompose(operands, op.attributes)
        : undefined,
    );
    current = builder.finish(
      Object.fromEntries(current.outputs.map((port) => [port.name, values[port.value]!])),
      current.aliases,
    );
  }
  return current;
}
