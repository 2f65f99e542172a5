/**
 * Cross entropy over a large vocabulary in loops, so that the logits of some rows, or of some classes, at a time are in memory. If
 * only the hidden states have a gradient, the loop that makes the loss makes it too, but for the factor of each row: nothing
 * is computed twice.
 */
import {
  add,
  type CrossEntropyAttributes,
  div,
  exp,
  gather,
  iota,
  linearCrossEntropyDefinition,
  linearCrossEntropyGradientDefinition,
  log,
  matmul,
  mul,
  notEqual,
  type Op,
  type Program,
  pad,
  project,
  reduceMax,
  reduceSum,
  reshape,
  select,
  sliceAxis,
  sub,
  type Value,
} from '@attune/ir';
import { byScan } from './scan.js';

/** Logits of a step, in bytes. */
const STEP_BYTES = 32 * 2 ** 20;

type Rewrite = (op: Op, operands: readonly Value[]) => readonly Value[] | undefined;

/**
 * The losses of a program and their gradients as loops; undefined for other ops, and for gradients by all logits at once.
 * @param stepBytes for the logits of a step; 32 MiB by default
 */
export function vocabularyLosses(program: Program, stepBytes = STEP_BYTES): Rewrite {
  const pairs = pairsOf(program);
  /** The cotangents of the hidden states but for the factors, by the op of the loss. */
  const directions = new Map<Op, Value>();
  return (op, operands) => {
    if (op.definition.name === linearCrossEntropyDefinition.name) {
      const isPaired = [...pairs.values()].includes(op);
      const { ignoreIndex } = op.attributes as CrossEntropyAttributes;
      const { losses, totals, direction } = byRows(operands, ignoreIndex, { isWanted: isPaired, stepBytes });
      if (direction) directions.set(op, direction);
      return [losses, totals];
    }
    if (op.definition.name !== linearCrossEntropyGradientDefinition.name) return undefined;
    const paired = pairs.get(op);
    const direction = paired && directions.get(paired);
    if (!direction) return byClasses(operands, stepBytes);
    const [, weight, labels, , factors, , bias] = operands;
    // Nobody reads the other cotangents.
    return [mul(direction, reshape(factors!, [labels!.type.shape[0]!, 1])), weight!, ...(bias ? [bias] : [])];
  };
}

/** The loss of each gradient that is by the hidden states alone, with the same factor for target and softmax. */
function pairsOf({ ops, outputs }: Program): ReadonlyMap<Op, Op> {
  const read = new Set([...ops.flatMap(({ inputs }) => inputs), ...outputs.map(({ value }) => value)]);
  const losses = ops.filter(({ definition }) => definition.name === linearCrossEntropyDefinition.name);
  const pairs = new Map<Op, Op>();
  for (const op of ops) {
    if (op.definition.name !== linearCrossEntropyGradientDefinition.name) continue;
    const [hidden, weight, labels, , ofTarget, ofAll, bias] = op.inputs;
    const isByHidden = !op.outputs.slice(1).some((id) => read.has(id)) && ofTarget === ofAll;
    const given = [hidden, weight, labels, ...(bias === undefined ? [] : [bias])].join();
    const loss = losses.find(({ inputs }) => inputs.join() === given);
    if (isByHidden && loss) pairs.set(op, loss);
  }
  return pairs;
}

interface RowLosses {
  readonly losses: Value;
  readonly totals: Value;
  readonly direction: Value | undefined;
}

/** Losses, log-sum-exps and, if wanted, softmax(logits) weight - weight[label] of all rows. */
function byRows(
  [hidden, weight, labels, bias]: readonly Value[],
  ignoreIndex: number,
  { isWanted, stepBytes }: { readonly isWanted: boolean; readonly stepBytes: number },
): RowLosses {
  const [rows, width] = hidden!.type.shape as [number, number];
  const groups = Math.max(1, Math.ceil((rows * weight!.type.shape[0]! * 4) / stepBytes));
  const size = Math.ceil(rows / groups);
  const missing = groups * size - rows;
  const whole = (x: Value, value: number) => {
    const none = x.type.shape.map(() => 0);
    return missing === 0 ? x : pad(x, { low: none, high: [missing, ...none.slice(1)], interior: none, value });
  };
  const { results } = byScan({
    initial: [],
    sequences: [
      reshape(whole(hidden!, 0), [groups, size, width]),
      reshape(whole(labels!, ignoreIndex), [groups, size]),
    ],
    shared: [weight!, ...(bias ? [bias] : [])],
    step: (_, [own, targets], [table, shift]) => {
      const { direction, ...values } = rowLosses(own!, table!, targets!, shift, ignoreIndex);
      return { state: [], results: [values.losses, values.totals, ...(isWanted ? [direction] : [])] };
    },
  });
  const [losses, totals, direction] = results.map((each) =>
    sliceAxis(reshape(each, [groups * size, ...each.type.shape.slice(2)]), 0, 0, rows),
  );
  return { losses: losses!, totals: totals!, direction };
}

function rowLosses(hidden: Value, weight: Value, labels: Value, bias: Value | undefined, ignoreIndex: number) {
  const column = [labels.type.shape[0]!, 1];
  const products = project(hidden, weight);
  const logits = bias ? add(products, bias) : products;
  const largest = reduceMax(logits, [1]);
  const powers = exp(sub(logits, reshape(largest, column)));
  const sums = reduceSum(powers, [1]);
  const totals = add(largest, log(sums));
  const counts = notEqual(labels, ignoreIndex);
  const targets = select(counts, labels, 0);
  const own = gather(weight, targets);
  const product = reduceSum(mul(hidden, own), [1]);
  const ofTarget = bias ? add(product, gather(bias, targets)) : product;
  return {
    losses: select(counts, sub(totals, ofTarget), 0),
    totals,
    direction: sub(div(matmul(powers, weight), reshape(sums, column)), own),
  };
}

/** The cotangents of hidden, weight and bias, some classes at a time; undefined if the classes do not fall into equal groups. */
function byClasses(
  [hidden, weight, labels, total, ofTarget, ofAll, bias]: readonly Value[],
  stepBytes: number,
): readonly Value[] | undefined {
  const [classes, width] = weight!.type.shape as [number, number];
  const wanted = Math.ceil((labels!.type.shape[0]! * classes * 4) / stepBytes);
  const groups = Array.from({ length: 4 * wanted }, (_, index) => wanted + index).find((each) => classes % each === 0);
  if (wanted < 2 || groups === undefined) return undefined;
  const size = classes / groups;
  const { builder } = hidden!;
  const { final, results } = byScan({
    initial: [mul(hidden!, 0)],
    sequences: [
      reshape(iota(builder, [classes], 0), [groups, size]),
      reshape(weight!, [groups, size, width]),
      ...(bias ? [reshape(bias, [groups, size])] : []),
    ],
    shared: [hidden!, labels!, total!, ofTarget!, ofAll!],
    step([sum], [ids, part, shift], [rows, targets, ...others]) {
      const given = [rows!, part!, sub(targets!, sliceAxis(ids!, 0, 0, 1)), ...others, ...(shift ? [shift] : [])];
      const [byHidden, ...byClass] = linearCrossEntropyGradientDefinition.decompose(given, {});
      return { state: [add(sum!, byHidden!)], results: byClass };
    },
  });
  return [final[0]!, ...results.map((each) => reshape(each, [classes, ...each.type.shape.slice(2)]))];
}
