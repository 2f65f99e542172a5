/** Sums of the sums of several tensors, as in the norm of all gradients: few kernels for all instead of some for each. */
import {
  add,
  addDefinition,
  defineComposite,
  elementCount,
  type Op,
  type Program,
  pad,
  reduceSum,
  reduceSumDefinition,
  reshape,
  type Value,
  type ValueId,
} from '@attune/ir';
import { isOp } from './op.js';
import { makersOf, rewriteAll, usesOf } from './rewrite.js';
import { type Tuning, windowBytes } from './tuning.js';

export type PartialSumsAttributes = { readonly parts: number };

/** Numbers that add up to the sum of all elements of all operands, which are f32. */
export const partialSumsDefinition = defineComposite<'partial_sums', PartialSumsAttributes>({
  name: 'partial_sums',
  infer: ([first], { parts }) => [{ shape: [parts], dtype: first!.dtype }],
  decompose(inputs, { parts }) {
    const total = inputs.map((x) => reduceSum(x, allAxes(x))).reduce((a, b) => add(a, b));
    return [pad(reshape(total, [1]), { low: [0], high: [parts - 1], interior: [0], value: 0 })];
  },
});

/** Tensors from which on their sums are joined. */
const FEW = 4;

/** Threads that add up, each a part: few, or as many as large tensors need. */
const PARTS = 2 ** 11;
const MANY_PARTS = 2 ** 14;
const LARGE = 2 ** 22;

/** Replaces a sum of sums, such as sum(x x) + sum(y y) + …, by `partial_sums` of the terms and the sum of its parts. */
export function joinSums(program: Program, tuning: Tuning): Program {
  const chains = chainsOf(program);
  return rewriteAll(program, (op, _, handleOf) =>
    chains.has(op) ? [sumOf(chains.get(op)!.map(handleOf), windowBytes(tuning) / 4)] : undefined,
  );
}

/** @param maxParts what a binding holds */
function sumOf(terms: readonly Value[], maxParts: number): Value {
  const elements = terms.reduce((sum, { type }) => sum + elementCount(type.shape), 0);
  const parts = Math.min(elements < LARGE ? PARTS : MANY_PARTS, maxParts);
  const [sums] = terms[0]!.builder.apply(partialSumsDefinition, terms, { parts });
  return reduceSum(sums!, [0]);
}

const allAxes = ({ type }: Value): readonly number[] => type.shape.map((_, axis) => axis);

/** The terms of each outermost addition of sums that have no other use: what a sum is of, or a scalar that is none. */
function chainsOf(program: Program): ReadonlyMap<Op, readonly ValueId[]> {
  const { ops, types } = program;
  const [makers, uses] = [makersOf(program), usesOf(program)];
  const isScalar = (value: ValueId) => types[value]!.dtype === 'f32' && types[value]!.shape.length === 0;
  const inside = new Set<Op>();
  const termsOf = (value: ValueId): readonly ValueId[] => {
    const op = makers.get(value);
    if (!op || uses.get(value) !== 1) return [value];
    if (isOp(op, addDefinition)) {
      inside.add(op);
      return op.inputs.flatMap(termsOf);
    }
    return isOp(op, reduceSumDefinition) ? op.inputs : [value];
  };
  const chains = new Map<Op, readonly ValueId[]>();
  for (const op of ops.toReversed()) {
    if (inside.has(op) || !isOp(op, addDefinition) || !isScalar(op.outputs[0]!)) continue;
    const terms = op.inputs.flatMap(termsOf);
    if (terms.filter((term) => !isScalar(term)).length >= FEW) chains.set(op, terms);
  }
  return chains;
}
