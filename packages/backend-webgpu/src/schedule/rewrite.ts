/** What rewrites of programs share. */
import { inline, type Op, type Program, ProgramBuilder, type Value, type ValueId } from '@attune/ir';

/**
 * What stands for an op's outputs; undefined where the op stays.
 * @param handleOf the handle on a value that this op or one before it takes
 */
export type Rewrite = (
  op: Op,
  inputs: readonly Value[],
  handleOf: (value: ValueId) => Value,
) => readonly Value[] | undefined;

/** The program with ops rewritten; ports and aliases stay. */
export function rewriteAll(program: Program, rewrite: Rewrite): Program {
  const builder = new ProgramBuilder(program.name);
  const inputs = program.inputs.map(({ name, value }) => builder.input(name, program.types[value]!));
  const known = new Map<ValueId, Value>();
  const outputs = inline(builder, program, inputs, (op, operands) => {
    for (const [position, value] of op.inputs.entries()) known.set(value, operands[position]!);
    return rewrite(op, operands, (value) => known.get(value)!);
  });
  return builder.finish(
    Object.fromEntries(program.outputs.map(({ name }, index) => [name, outputs[index]!])),
    program.aliases,
  );
}

/** The op that makes each value; inputs and constants have none. */
export const makersOf = ({ ops }: Program): ReadonlyMap<ValueId, Op> =>
  new Map(ops.flatMap((op) => op.outputs.map((output) => [output, op] as const)));

/** How many ops and outputs take each value. */
export function usesOf({ ops, outputs }: Program): ReadonlyMap<ValueId, number> {
  const uses = new Map<ValueId, number>();
  for (const value of [...ops.flatMap(({ inputs }) => inputs), ...outputs.map((port) => port.value)])
    uses.set(value, (uses.get(value) ?? 0) + 1);
  return uses;
}
