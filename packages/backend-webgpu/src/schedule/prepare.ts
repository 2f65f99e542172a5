/** Rewrites a program into one whose ops suit kernels. */
import {
  broadcastDefinition,
  castDefinition,
  concat,
  concatDefinition,
  inlineAll,
  type Op,
  type Program,
  ProgramBuilder,
  reduceMaxDefinition,
  reduceMinDefinition,
  reduceSumDefinition,
  reshape,
  type Value,
  type ValueId,
} from '@attune/ir';
import { decomposeAll } from '@attune/ir/internal';
import { decomposeClaimed } from '../decompositions/composites.js';
import { ruleOf } from '../expressions/program-expressions.js';
import { hostFormat } from '../wgsl/format.js';
import { isOp } from './op.js';
import { ReductionShape } from './reduction-shape.js';
import { rewriteAll } from './rewrite.js';
import { scatterIntoInputs } from './scatter-into.js';
import { joinSums } from './sums.js';
import type { Tuning } from './tuning.js';
import { updateInputs } from './update-in-place.js';

/** Operands that a concat may have; one of more becomes a tree. */
const CONCAT_OPERANDS = 4;

/**
 * Decomposes composites, joins sums of sums, splits concats and reductions, and lets outputs of fewer than 32 bits be made by ops that can
 * pack them.
 */
export function prepare(source: Program, tuning: Tuning): Program {
  const claimed = rewriteAll(source, (op, inputs) => decomposeClaimed(op, inputs, tuning.partBytes));
  const joined = joinSums(scatterIntoInputs(decomposeAll(claimed)), tuning);
  const program = rewriteAll(updateInputs(joined, tuning), (op, inputs) => rewrite(op, inputs, tuning));
  const builder = new ProgramBuilder(program.name);
  const inputs = program.inputs.map(({ name, value }) => builder.input(name, program.types[value]!));
  const values = inlineAll(builder, program, inputs);
  const producers = new Map(program.ops.flatMap((op) => op.outputs.map((id) => [id, op] as const)));
  const seen = new Set<ValueId>();
  const outputs = program.outputs.map(({ name, value }) => {
    const producer = producers.get(value);
    const made = values[value]!;
    const isRepeated = seen.has(value);
    seen.add(value);
    if (!producer) return [name, made] as const;
    // What fills tensors is made for each, so that each can take over an input.
    if (isRepeated && isOp(producer, broadcastDefinition)) return [name, repeat(producer, values)] as const;
    const isPacked = hostFormat(program.types[value]!.dtype, tuning).perWord > 1;
    return [name, isPacked && ruleOf(producer).kind === 'kernel' ? copyOf(made) : made] as const;
  });
  return builder.finish(Object.fromEntries(outputs), program.aliases);
}

/** The result of an op anew. */
function repeat({ definition, inputs, attributes }: Op, values: readonly Value[]): Value {
  const operands = inputs.map((input) => values[input]!);
  return operands[0]!.builder.apply(definition, operands, attributes)[0]!;
}

/** A cast to the value's own dtype: an op that packs. */
const copyOf = (value: Value): Value => value.builder.apply(castDefinition, [value], { dtype: value.type.dtype })[0]!;

function rewrite(op: Op, inputs: readonly Value[], tuning: Tuning): readonly Value[] | undefined {
  if (isOp(op, concatDefinition)) return splitConcat(inputs, op.attributes.axis);
  for (const definition of [reduceSumDefinition, reduceMaxDefinition, reduceMinDefinition]) {
    if (isOp(op, definition)) return splitReduction(op, op.attributes.axes, inputs[0]!, tuning);
  }
  return undefined;
}

function splitConcat(inputs: readonly Value[], axis: number): readonly Value[] | undefined {
  if (inputs.length <= CONCAT_OPERANDS) return undefined;
  let parts = inputs;
  while (parts.length > 1) {
    const next: Value[] = [];
    for (let start = 0; start < parts.length; start += CONCAT_OPERANDS) {
      const [first, ...others] = parts.slice(start, start + CONCAT_OPERANDS);
      next.push(concat([first!, ...others], axis));
    }
    parts = next;
  }
  return parts;
}

/** In two steps where there would be few threads with long loops. */
function splitReduction(
  { definition }: Op,
  axes: readonly number[],
  x: Value,
  { maxLanes }: Tuning,
): readonly Value[] | undefined {
  const shape = new ReductionShape(x.type.shape, axes);
  const position = shape.axes.findIndex(({ reduced }) => reduced);
  if (shape.axes.filter(({ reduced }) => reduced).length !== 1) return undefined;
  const { size } = shape.axes[position]!;
  const parts = largestDivisor(size, partsOf(shape, size, maxLanes));
  if (parts < 2) return undefined;
  const sizes = shape.axes.map((axis) => axis.size);
  const split = [...sizes.slice(0, position), parts, size / parts, ...sizes.slice(position + 1)];
  const reduce = (operand: Value, axis: number) => x.builder.apply(definition, [operand], { axes: [axis] })[0]!;
  const result = reduce(reduce(reshape(x, split), position + 1), position);
  const kept = x.type.shape.filter((_, axis) => !axes.includes(axis));
  return [reshape(result, kept)];
}

/** Threads that a device should have at least, and elements that a thread may add up before that matters. */
const THREADS = 2 ** 14;
const ROW_PART = 2 ** 11;
const COLUMN_PART = 2 ** 8;

/** Into how many parts a reduction is best split. */
function partsOf(shape: ReductionShape, size: number, maxLanes: number): number {
  const lanes = Math.min(maxLanes, shape.isByRows ? 256 : 8);
  const wanted = THREADS / (shape.outer * lanes);
  return wanted < 2
    ? 1
    : Math.min(256, Math.floor(wanted), Math.floor(size / (shape.isByRows ? ROW_PART : COLUMN_PART)));
}

function largestDivisor(size: number, limit: number): number {
  for (let divisor = limit; divisor > 1; divisor--) if (size % divisor === 0) return divisor;
  return 1;
}
