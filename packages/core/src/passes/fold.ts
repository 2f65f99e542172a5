import {
  broadcastDefinition,
  elementCount,
  type HostTensor,
  interpret,
  type Op,
  type Program,
  ProgramBuilder,
  type Value,
} from '@attune/ir';
import { eliminateDeadCode } from './dead-code.js';

export interface FoldOptions {
  /** Results of more elements are left to be computed on the device. */
  readonly maxElements?: number;
}

/**
 * Computes ops of constants by the reference interpreter. Repetitions of a smaller constant stay, since
 * devices do not store them, but what is computed from them is folded. Composites are folded as well.
 */
export function foldConstants(program: Program, { maxElements = 4096 }: FoldOptions = {}): Program {
  const builder = new ProgramBuilder(program.name);
  const values: Value[] = new Array(program.types.length);
  const known = new Map<number, HostTensor>();
  const define = (id: number, tensor: HostTensor) => {
    values[id] = builder.constant(tensor);
    known.set(id, tensor);
  };
  for (const { name, value } of program.inputs) values[value] = builder.input(name, program.types[value]!);
  for (const { value, tensor } of program.constants) define(value, tensor);
  for (const op of program.ops) {
    const small = op.outputs.every((id) => elementCount(program.types[id]!.shape) <= maxElements);
    const inputs = op.inputs.map((id) => known.get(id));
    const results = small && inputs.every((tensor) => tensor !== undefined) ? evaluate(op, inputs) : undefined;
    if (results && !repeats(op, program)) {
      for (const [index, id] of op.outputs.entries()) define(id, results[index]!);
      continue;
    }
    const outputs = builder.apply(
      op.definition,
      op.inputs.map((id) => values[id]!),
      op.attributes,
    );
    for (const [index, id] of op.outputs.entries()) {
      values[id] = outputs[index]!;
      if (results) known.set(id, results[index]!);
    }
  }
  return eliminateDeadCode(
    builder.finish(
      Object.fromEntries(program.outputs.map(({ name, value }) => [name, values[value]!])),
      program.aliases,
    ),
  );
}

const repeats = ({ definition, inputs, outputs }: Op, { types }: Program): boolean =>
  definition.name === broadcastDefinition.name &&
  elementCount(types[outputs[0]!]!.shape) > elementCount(types[inputs[0]!]!.shape);

/** Runs one op on host tensors. */
function evaluate({ definition, attributes }: Op, inputs: readonly HostTensor[]): readonly HostTensor[] {
  const builder = new ProgramBuilder(definition.name);
  const operands = inputs.map(({ type }, index) => builder.input(String(index), type));
  const outputs = builder.apply(definition, operands, attributes);
  return interpret(builder.finish(Object.fromEntries(outputs.map((value, index) => [String(index), value]))), inputs);
}
