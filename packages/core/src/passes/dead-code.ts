import type { Program } from '@attune/ir';

/** Drops ops and constants that no output needs. Inputs stay: they are the program's signature. */
export function eliminateDeadCode(program: Program): Program {
  const needed = new Set(program.outputs.map((port) => port.value));
  const ops = program.ops.toReversed().filter((op) => {
    if (!op.outputs.some((id) => needed.has(id))) return false;
    for (const id of op.inputs) needed.add(id);
    return true;
  });
  const constants = program.constants.filter(({ value }) => needed.has(value));
  if (ops.length === program.ops.length && constants.length === program.constants.length) return program;
  return compact({ ...program, ops: ops.reverse(), constants });
}

/** Renumbers values so that every id is defined by an input, a constant or an op. */
function compact(program: Program): Program {
  const ids = new Map<number, number>();
  const define = (id: number) => ids.set(id, ids.size);
  for (const { value } of program.inputs) define(value);
  for (const { value } of program.constants) define(value);
  for (const { outputs } of program.ops) outputs.forEach(define);
  const renumber = (id: number) => ids.get(id)!;
  return {
    ...program,
    types: [...ids.keys()].map((id) => program.types[id]!),
    inputs: program.inputs.map((port) => ({ ...port, value: renumber(port.value) })),
    constants: program.constants.map((constant) => ({ ...constant, value: renumber(constant.value) })),
    ops: program.ops.map((op) => ({ ...op, inputs: op.inputs.map(renumber), outputs: op.outputs.map(renumber) })),
    outputs: program.outputs.map((port) => ({ ...port, value: renumber(port.value) })),
  };
}
