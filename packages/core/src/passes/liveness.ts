/** How long values live, and how much memory they take, when ops run in program order. */
import { byteLength, type Op, type Program } from '@attune/ir';

/**
 * The position of the op that uses each value last, by id; the number of ops for outputs, -1 for values that nothing
 * uses.
 */
export function lastUses(ops: readonly Op[], { types, outputs }: Pick<Program, 'types' | 'outputs'>): number[] {
  const last = new Array<number>(types.length).fill(-1);
  for (const [position, { inputs }] of ops.entries()) for (const id of inputs) last[id] = position;
  for (const { value } of outputs) last[value] = ops.length;
  return last;
}

/**
 * Bytes of computed values that are alive while each op runs: its operands, its results, and all that is needed later.
 * Inputs and constants are there anyway and do not count, nor do outputs that take over the storage of an input.
 */
export function liveBytes(program: Program): number[] {
  const last = lastUses(program.ops, program);
  const inPlace = new Set(program.aliases.map(({ output }) => program.outputs[output]?.value));
  const change = new Array<number>(program.ops.length + 1).fill(0);
  for (const [position, { outputs }] of program.ops.entries()) {
    for (const id of outputs) {
      if (inPlace.has(id)) continue;
      const bytes = byteLength(program.types[id]!);
      change[position]! += bytes;
      const end = Math.max(last[id]!, position) + 1;
      if (end < change.length) change[end]! -= bytes;
    }
  }
  let live = 0;
  return change.slice(0, program.ops.length).map((bytes) => {
    live += bytes;
    return live;
  });
}

/** The largest of `liveBytes`, 0 for a program without ops. */
export const peakBytes = (program: Program): number => liveBytes(program).reduce((a, b) => Math.max(a, b), 0);
