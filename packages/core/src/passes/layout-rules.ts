/** Rules about ops that only move elements: chains become one op, and products take transposes in. All are exact. */
import {
  broadcastDefinition,
  concatDefinition,
  type DotGeneralAttributes,
  dotGeneralDefinition,
  dynamicSliceDefinition,
  padDefinition,
  reduceMaxDefinition,
  reduceMinDefinition,
  reduceSumDefinition,
  reshapeDefinition,
  sameShape,
  sliceDefinition,
  transposeDefinition,
  type Value,
} from '@attune/ir';
import { isNode, type Node, type Rewriter, type Rule, type Rules } from './rewriter.js';
import { numberOf, repeat, scalarOf } from './scalar-values.js';

const isRange = (axes: readonly number[]): boolean => axes.every((axis, index) => axis === index);
const ascends = (axes: readonly number[]): boolean =>
  axes.every((axis, index) => index === 0 || axes[index - 1]! < axis);

/** A repeated scalar under another shape is the repeated scalar of that shape. */
function repeatedScalar(node: Node, shape: readonly number[], graph: Rewriter): Value | undefined {
  const operand = node.inputs[0]!;
  const scalar = operand.type.shape.length > 0 ? scalarOf(operand, graph) : undefined;
  return scalar && repeat(scalar, shape, graph);
}

const reshapeChain: Rule = (node, graph) => {
  if (!isNode(node, reshapeDefinition)) return undefined;
  const operand = node.inputs[0]!;
  const { shape } = node.attributes;
  if (sameShape(shape, operand.type.shape)) return operand;
  const inner = graph.nodeOf(operand);
  if (isNode(inner, reshapeDefinition)) return graph.apply(reshapeDefinition, inner.inputs, { shape });
  return repeatedScalar(node, shape, graph);
};

const transposeChain: Rule = (node, graph) => {
  if (!isNode(node, transposeDefinition)) return undefined;
  const operand = node.inputs[0]!;
  const { permutation } = node.attributes;
  if (isRange(permutation)) return operand;
  const shape = permutation.map((axis) => operand.type.shape[axis]!);
  const inner = graph.nodeOf(operand);
  if (isNode(inner, transposeDefinition)) {
    const composed = permutation.map((axis) => inner.attributes.permutation[axis]!);
    return graph.apply(transposeDefinition, inner.inputs, { permutation: composed });
  }
  const moved = permutation.filter((axis) => operand.type.shape[axis] !== 1);
  if (ascends(moved)) return graph.apply(reshapeDefinition, [operand], { shape });
  return repeatedScalar(node, shape, graph) ?? swappedProduct(operand, permutation, graph);
};

/** A product whose two groups of free axes are exchanged is the product of the exchanged operands. */
function swappedProduct(operand: Value, permutation: readonly number[], graph: Rewriter): Value | undefined {
  const product = graph.nodeOf(operand);
  if (!isNode(product, dotGeneralDefinition) || graph.isShared(operand)) return undefined;
  const { lhsBatch, rhsBatch, lhsContract, rhsContract } = product.attributes;
  const batch = lhsBatch.length;
  const left = product.inputs[0]!.type.shape.length - batch - lhsContract.length;
  const range = (start: number, end: number) => Array.from({ length: end - start }, (_, index) => start + index);
  const exchanged = [...range(0, batch), ...range(batch + left, permutation.length), ...range(batch, batch + left)];
  if (!sameShape(permutation, exchanged)) return undefined;
  return graph.apply(dotGeneralDefinition, product.inputs.toReversed(), {
    lhsBatch: rhsBatch,
    rhsBatch: lhsBatch,
    lhsContract: rhsContract,
    rhsContract: lhsContract,
  });
}

const broadcastChain: Rule = (node, graph) => {
  if (!isNode(node, broadcastDefinition)) return undefined;
  const operand = node.inputs[0]!;
  const { shape, dimensions } = node.attributes;
  if (sameShape(shape, operand.type.shape) && isRange(dimensions)) return operand;
  const inner = graph.nodeOf(operand);
  if (isNode(inner, broadcastDefinition)) {
    const composed = inner.attributes.dimensions.map((axis) => dimensions[axis]!);
    return graph.apply(broadcastDefinition, inner.inputs, { shape, dimensions: composed });
  }
  if (!isNode(inner, reshapeDefinition)) return undefined;
  const kept = insertedAxes(inner.inputs[0]!.type.shape, operand.type.shape);
  const composed = kept?.map((axis) => dimensions[axis]!);
  return composed && graph.apply(broadcastDefinition, inner.inputs, { shape, dimensions: composed });
};

/** Where `shape` is `source` with axes of size 1 put in: the axis of `shape` that each axis of `source` became. */
function insertedAxes(source: readonly number[], shape: readonly number[]): number[] | undefined {
  const kept: number[] = [];
  for (const [axis, size] of shape.entries()) {
    if (kept.length < source.length && size === source[kept.length]) kept.push(axis);
    else if (size !== 1) return undefined;
  }
  return kept.length === source.length ? kept : undefined;
}

/** A reduction over nothing, over axes of size 1, or of a reduction of the same kind. */
const reduceChain: Rule = (node, graph) => {
  if (!isNode(node, reduceSumDefinition) && !isNode(node, reduceMaxDefinition) && !isNode(node, reduceMinDefinition)) {
    return undefined;
  }
  const operand = node.inputs[0]!;
  const { axes } = node.attributes;
  const kept = operand.type.shape.filter((_, axis) => !axes.includes(axis));
  if (axes.length === 0) return operand;
  if (axes.every((axis) => operand.type.shape[axis] === 1)) {
    return graph.apply(reshapeDefinition, [operand], { shape: kept });
  }
  const inner = graph.nodeOf(operand);
  if (!isNode(inner, node.definition) || !isNode(inner, reduceSumDefinition) || graph.isShared(operand))
    return undefined;
  const left = inner.inputs[0]!.type.shape.map((_, axis) => axis).filter(
    (axis) => !inner.attributes.axes.includes(axis),
  );
  const all = [...inner.attributes.axes, ...axes.map((axis) => left[axis]!)].sort((a, b) => a - b);
  return graph.apply(reduceSumDefinition, inner.inputs, { axes: all });
};

/** A product of a transposed operand names other axes instead, where the order of its free axes stays. */
const productOfTranspose: Rule = (node, graph) => {
  if (!isNode(node, dotGeneralDefinition)) return undefined;
  const { lhsBatch, rhsBatch, lhsContract, rhsContract } = node.attributes;
  const left = withoutTranspose(node.inputs[0]!, lhsBatch, lhsContract, graph);
  const right = withoutTranspose(node.inputs[1]!, rhsBatch, rhsContract, graph);
  if (!left && !right) return undefined;
  const attributes: DotGeneralAttributes = {
    lhsBatch: left?.batch ?? lhsBatch,
    lhsContract: left?.contract ?? lhsContract,
    rhsBatch: right?.batch ?? rhsBatch,
    rhsContract: right?.contract ?? rhsContract,
  };
  return graph.apply(
    dotGeneralDefinition,
    [left?.value ?? node.inputs[0]!, right?.value ?? node.inputs[1]!],
    attributes,
  );
};

function withoutTranspose(value: Value, batch: readonly number[], contract: readonly number[], graph: Rewriter) {
  const node = graph.nodeOf(value);
  if (!isNode(node, transposeDefinition)) return undefined;
  const { permutation } = node.attributes;
  const free = permutation.filter((_, axis) => !batch.includes(axis) && !contract.includes(axis));
  if (!ascends(free)) return undefined;
  const original = (axes: readonly number[]) => axes.map((axis) => permutation[axis]!);
  return { value: node.inputs[0]!, batch: original(batch), contract: original(contract) };
}

/** Ops that take everything or add nothing. */
const nothingTaken: Rule = (node) => {
  const [operand] = node.inputs;
  if (isNode(node, concatDefinition)) return node.inputs.length === 1 ? operand : undefined;
  if (isNode(node, sliceDefinition)) {
    const { start, limit, strides } = node.attributes;
    const whole = operand!.type.shape.every(
      (size, axis) => !start[axis] && limit[axis] === size && strides[axis] === 1,
    );
    return whole ? operand : undefined;
  }
  if (!isNode(node, padDefinition)) return undefined;
  const { low, high, interior } = node.attributes;
  return [...low, ...high, ...interior].every((count) => count === 0) ? operand : undefined;
};

/** A part from a known start is a slice. */
const knownStart: Rule = (node, graph) => {
  if (!isNode(node, dynamicSliceDefinition)) return undefined;
  const [operand, ...starts] = node.inputs;
  const numbers = starts.map((start) => numberOf(start, graph));
  const { sizes } = node.attributes;
  const from = operand!.type.shape.map((size, axis) => {
    const start = sizes[axis] === size ? 0 : numbers[axis];
    return start === undefined ? undefined : Math.min(Math.max(start, 0), size - sizes[axis]!);
  });
  if (!from.every((start) => start !== undefined)) return undefined;
  const limit = from.map((start, axis) => start + sizes[axis]!);
  return graph.apply(sliceDefinition, [operand!], { start: from, limit, strides: from.map(() => 1) });
};

export const layoutRules: Rules = {
  [reshapeDefinition.name]: [reshapeChain],
  [transposeDefinition.name]: [transposeChain],
  [broadcastDefinition.name]: [broadcastChain],
  [reduceSumDefinition.name]: [reduceChain],
  [reduceMaxDefinition.name]: [reduceChain],
  [reduceMinDefinition.name]: [reduceChain],
  [dotGeneralDefinition.name]: [productOfTranspose],
  [dynamicSliceDefinition.name]: [knownStart],
  [concatDefinition.name]: [nothingTaken],
  [sliceDefinition.name]: [nothingTaken],
  [padDefinition.name]: [nothingTaken],
};
