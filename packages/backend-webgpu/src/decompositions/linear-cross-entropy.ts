/** The loss over a large vocabulary in parts of the classes: the logits of one part at a time are in memory. */
import {
  add,
  type CrossEntropyAttributes,
  concat,
  equal,
  exp,
  iota,
  linearCrossEntropyGradientDefinition,
  log,
  maximum,
  mul,
  notEqual,
  project,
  reduceMax,
  reduceSum,
  reshape,
  select,
  sliceAxis,
  sub,
  type Value,
} from '@attune/ir';
import { type Part, partsOf } from '@attune/ir/internal';

/** The loss and the log-sum-exp of each row. */
export function linearCrossEntropyInParts(
  [hidden, weight, labels, bias]: readonly Value[],
  { ignoreIndex }: CrossEntropyAttributes,
  bytes: number,
): readonly Value[] {
  const parts = classParts(labels!, weight!, bytes).map((part) => partOfLoss(hidden!, weight!, labels!, bias, part));
  const largest = parts.map((part) => part.largest).reduce((a, b) => maximum(a, b));
  const total = parts.map((part) => mul(part.total, exp(sub(part.largest, largest)))).reduce((a, b) => add(a, b));
  const target = parts.map((part) => part.target).reduce((a, b) => add(a, b));
  const logSumExp = add(largest, log(total));
  return [select(notEqual(labels!, ignoreIndex), sub(logSumExp, target), 0), logSumExp];
}

interface PartOfLoss {
  readonly largest: Value;
  /** The sum of exp(logit - largest). */
  readonly total: Value;
  /** The logit of the label, 0 if it lies in another part. */
  readonly target: Value;
}

function partOfLoss(
  hidden: Value,
  weight: Value,
  labels: Value,
  bias: Value | undefined,
  { start, end }: Part,
): PartOfLoss {
  const [rows, classes] = [labels.type.shape[0]!, end - start];
  const products = project(hidden, sliceAxis(weight, 0, start, end));
  const logits = bias ? add(products, sliceAxis(bias, 0, start, end)) : products;
  const largest = reduceMax(logits, [1]);
  const total = reduceSum(exp(sub(logits, reshape(largest, [rows, 1]))), [1]);
  const isTarget = equal(reshape(sub(labels, start), [rows, 1]), iota(labels.builder, [1, classes], 1));
  return { largest, total, target: reduceSum(select(isTarget, logits, 0), [1]) };
}

/** The cotangents of hidden, weight and, where there is one, bias. */
export function linearCrossEntropyGradientInParts(inputs: readonly Value[], bytes: number): readonly Value[] {
  const [hidden, weight, labels, total, ofTarget, ofAll, bias] = inputs;
  const parts = classParts(labels!, weight!, bytes).map(({ start, end }) => {
    const own = [weight!, ...(bias ? [bias] : [])].map((value) => sliceAxis(value, 0, start, end));
    const shifted = start === 0 ? labels! : sub(labels!, start);
    return linearCrossEntropyGradientDefinition.decompose(
      [hidden!, own[0]!, shifted, total!, ofTarget!, ofAll!, ...own.slice(1)],
      {},
    );
  });
  const byHidden = parts.map((part) => part[0]!).reduce((a, b) => add(a, b));
  const [first, ...others] = parts;
  return [
    byHidden,
    ...first!.slice(1).map((value, position) => concat([value, ...others.map((part) => part[position + 1]!)], 0)),
  ];
}

const classParts = (labels: Value, weight: Value, bytes: number): readonly Part[] =>
  partsOf(weight.type.shape[0]!, labels.type.shape[0]! * 4, bytes);
