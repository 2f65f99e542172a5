/**
 * Updates of large tensors in tiles. An optimizer's update is a dozen elementwise ops over the parameter and its state;
 * one op after the other, each reads and writes whole tensors from main memory. Tile by tile, what one op writes is in
 * the cache when the next reads it. A tile of an input or output is a port of its own over a part of the same memory, so
 * that nothing is copied to cut and join.
 */
import {
  broadcastDefinition,
  elementCount,
  type Op,
  type Program,
  ProgramBuilder,
  reduceSumDefinition,
  sameShape,
  tensorType,
  type Value,
  type ValueId,
} from '@attune/ir';
import { elementwiseNames } from '@attune/ir/internal';
import { squaresOf } from './lowering.js';

export interface TiledUpdate {
  /** Elementwise, all of one shape; in the program's order. */
  readonly ops: readonly Op[];
  /** Values from outside, of that shape. */
  readonly inputs: readonly ValueId[];
  /** Aliased outputs of the program. */
  readonly outputs: readonly ValueId[];
  readonly elements: number;
}

/** The updates of at least `minimum` elements that the program's aliased outputs end with. */
export function tiledUpdates(program: Program, minimum: number): readonly TiledUpdate[] {
  const aliased = aliasedOutputs(program);
  return connected(tileableOps(program, minimum, aliased)).map((ops) => {
    const made = new Set(ops.flatMap(({ outputs }) => outputs));
    return {
      ops,
      inputs: [...new Set(ops.flatMap(({ inputs }) => inputs))].filter((id) => !made.has(id)),
      outputs: [...made].filter((id) => aliased.has(id)),
      elements: elementCount(program.types[ops[0]!.outputs[0]!]!.shape),
    };
  });
}

/** An update of `elements` elements, as a program from its inputs to its outputs. */
export function tileProgram(update: TiledUpdate, elements: number): Program {
  const builder = new ProgramBuilder('tile');
  const values = new Map<ValueId, Value>();
  for (const id of update.inputs) values.set(id, builder.input(String(id), tensorType([elements])));
  for (const { definition, attributes, inputs, outputs } of update.ops) {
    const operands = inputs.map((id) => values.get(id)!);
    values.set(outputs[0]!, builder.apply(definition, operands, attributes)[0]!);
  }
  return builder.finish(Object.fromEntries(update.outputs.map((id) => [String(id), values.get(id)!])));
}

/** Values that are returned once, in the place of an input. */
function aliasedOutputs({ outputs, aliases }: Program): ReadonlySet<ValueId> {
  const aliased = aliases.map(({ output }) => outputs[output]!.value);
  return new Set(aliased.filter((id) => outputs.filter(({ value }) => value === id).length === 1));
}

/** Elementwise ops over large tensors whose results go nowhere but into such ops and into aliased outputs. */
function tileableOps(program: Program, minimum: number, aliased: ReadonlySet<ValueId>): readonly Op[] {
  const { types, ops, outputs } = program;
  const shapeOf = (op: Op) => types[op.outputs[0]!]!.shape;
  const kept = new Set(outputs.map(({ value }) => value).filter((id) => !aliased.has(id)));
  const repeated = partlyRepeated(program);
  const squares = squaresOf(program);
  const readers = new Map<ValueId, Op[]>();
  for (const op of ops) {
    for (const id of op.inputs) {
      // The sum of a square does not read the square.
      if (op.definition.name === reduceSumDefinition.name && squares.has(id)) continue;
      const known = readers.get(id);
      if (known) known.push(op);
      else readers.set(id, [op]);
    }
  }
  const tileable = new Set<Op>();
  for (const op of ops.toReversed()) {
    const result = op.outputs[0]!;
    const next = readers.get(result) ?? [];
    const isLarge = elementCount(shapeOf(op)) >= minimum;
    if (!isLarge || !elementwiseNames.has(op.definition.name) || kept.has(result)) continue;
    if (op.inputs.some((id) => types[id]!.dtype !== 'f32' || repeated.has(id))) continue;
    if (next.length === 0 && !aliased.has(result)) continue;
    if (next.every((reader) => tileable.has(reader) && sameShape(shapeOf(reader), shapeOf(op)))) tileable.add(op);
  }
  return ops.filter((op) => tileable.has(op));
}

/** Rows and columns that are repeated over a tensor: outside of tiles they stay small. */
function partlyRepeated({ ops, types }: Program): ReadonlySet<ValueId> {
  const broadcasts = ops.filter(({ definition }) => definition.name === broadcastDefinition.name);
  return new Set(
    broadcasts.filter(({ inputs }) => types[inputs[0]!]!.shape.length > 0).flatMap(({ outputs }) => outputs),
  );
}

/** Groups of ops that hand values to each other, each in the order of the ops. */
function connected(ops: readonly Op[]): readonly (readonly Op[])[] {
  const groups = new Map<ValueId, readonly Op[]>();
  for (const op of ops) {
    const members = [...new Set(op.inputs.flatMap((id) => groups.get(id) ?? [])), op];
    for (const { outputs } of members) groups.set(outputs[0]!, members);
  }
  return [...new Set(groups.values())].map((members) => ops.filter((op) => members.includes(op)));
}
