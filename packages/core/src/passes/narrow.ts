/** Computes of every value only the window that somebody reads. */
import { type Program, ProgramBuilder, slice, type Value } from '@attune/ir';
import type { Narrowed } from './narrow-rule.js';
import { narrowRuleOf } from './narrow-rules.js';
import { hull, sameWindow, type Window, wholeOf } from './window.js';

/**
 * Moves slices towards the inputs: what is sliced is computed for the slice alone. A classifier that reads the first
 * token of the last layer leaves of that layer the keys and values of all tokens, and the rest for one. Where several
 * ops read a value, all of them get the smallest window that holds what each needs. Dead ops are dropped. Exact, but
 * that products of other shapes may round otherwise.
 */
export function narrow(program: Program): Program {
  const { windows, narrowed } = demands(program);
  const builder = new ProgramBuilder(program.name);
  const values: Value[] = new Array(program.types.length);
  const held: Window[] = program.types.map(wholeOf);
  for (const { name, value } of program.inputs) values[value] = builder.input(name, program.types[value]!);
  for (const { value, tensor } of program.constants) values[value] = builder.constant(tensor);
  const read = (id: number, window: Window) => within(values[id]!, held[id]!, window);
  for (const [index, { definition, attributes, inputs, outputs }] of program.ops.entries()) {
    if (outputs.every((id) => !windows[id])) continue;
    const rule = narrowed[index];
    const operands = inputs.map((id, position) => read(id, rule?.inputs[position] ?? wholeOf(program.types[id]!)));
    const results = rule?.build(builder, operands) ?? builder.apply(definition, operands, attributes);
    for (const [position, id] of outputs.entries()) {
      const result = results[position];
      if (!result) continue;
      values[id] = result;
      if (rule) held[id] = windows[id]!;
    }
  }
  return builder.finish(
    Object.fromEntries(program.outputs.map(({ name, value }) => [name, values[value]!])),
    program.aliases,
  );
}

/** From the outputs backwards: the window of every value that is read, and how the ops that make only one do so. */
function demands(program: Program) {
  const windows: (Window | undefined)[] = new Array(program.types.length);
  const narrowed: (Narrowed | undefined)[] = new Array(program.ops.length);
  const demand = (id: number, window: Window) => {
    const known = windows[id];
    windows[id] = known ? hull(known, window) : window;
  };
  for (const { value } of program.outputs) demand(value, wholeOf(program.types[value]!));
  for (const [index, op] of [...program.ops.entries()].reverse()) {
    const read = op.outputs.filter((id) => windows[id]);
    if (read.length === 0) continue;
    const [first] = op.outputs;
    const rule = read.length === 1 && read[0] === first ? narrowRuleOf(op, program.types, windows[first!]!) : undefined;
    narrowed[index] = rule;
    for (const [position, id] of op.inputs.entries()) demand(id, rule?.inputs[position] ?? wholeOf(program.types[id]!));
  }
  return { windows, narrowed };
}

/** The part `window` of a value of which `held` is there. */
function within(value: Value, held: Window, window: Window): Value {
  if (sameWindow(held, window)) return value;
  return slice(
    value,
    window.map(({ start }, axis) => start - held[axis]!.start),
    window.map(({ limit }, axis) => limit - held[axis]!.start),
  );
}
