/** Identities of elementwise ops. Each keeps the result but for rounding, and for the sign of zero in x + 0. */
import {
  absDefinition,
  addDefinition,
  andDefinition,
  castDefinition,
  compareDefinition,
  divDefinition,
  dotGeneralDefinition,
  elementCount,
  expDefinition,
  logDefinition,
  maxDefinition,
  minDefinition,
  mulDefinition,
  negDefinition,
  notDefinition,
  type OpDefinition,
  orDefinition,
  powDefinition,
  rsqrtDefinition,
  selectDefinition,
  sqrtDefinition,
  subDefinition,
  tanhDefinition,
  type Value,
} from '@attune/ir';
import { isNode, type Node, type Rewriter, type Rule, type Rules } from './rewriter.js';
import { numberOf, repeat, scalarOf } from './scalar-values.js';

/** x op neutral is x. */
const neutralRight =
  (neutral: number): Rule =>
  ({ inputs: [x, y] }, graph) =>
    numberOf(y!, graph) === neutral ? x : undefined;

/** neutral op y is y. */
const neutralLeft =
  (neutral: number): Rule =>
  ({ inputs: [x, y] }, graph) =>
    numberOf(x!, graph) === neutral ? y : undefined;

const negated = (value: Value, graph: Rewriter): Value | undefined => {
  const node = graph.nodeOf(value);
  return isNode(node, negDefinition) ? node.inputs[0] : undefined;
};

/** x + (-y) is x - y, (-x) + y is y - x. */
const addNegated: Rule = ({ inputs: [x, y] }, graph) => {
  const right = negated(y!, graph);
  if (right) return graph.apply(subDefinition, [x!, right], {});
  const left = negated(x!, graph);
  return left && graph.apply(subDefinition, [y!, left], {});
};

/** x - (-y) is x + y. */
const subtractNegated: Rule = ({ inputs: [x, y] }, graph) => {
  const right = negated(y!, graph);
  return right && graph.apply(addDefinition, [x!, right], {});
};

/** An involution twice is its operand. */
const twice: Rule = ({ definition, inputs: [x] }, graph) => {
  const inner = graph.nodeOf(x!);
  return isNode(inner, definition) ? inner.inputs[0] : undefined;
};

/** A product with a repeated scalar, taken apart. */
function scaledBy(node: Node, graph: Rewriter): { x: Value; scalar: Value } | undefined {
  const [left, right] = [node.inputs[0]!, node.inputs[1]!];
  if (left.type.shape.length === 0) {
    if (numberOf(right, graph) !== undefined) return { x: left, scalar: right };
    return numberOf(left, graph) !== undefined ? { x: right, scalar: left } : undefined;
  }
  const ofRight = scalarOf(right, graph);
  if (ofRight) return { x: left, scalar: ofRight };
  const ofLeft = scalarOf(left, graph);
  return ofLeft && { x: right, scalar: ofLeft };
}

/** (x s) t is x (s t) for scalars: one pass over x less. */
const scaleOnce: Rule = (node, graph) => {
  const outer = scaledBy(node, graph);
  const inner = outer && graph.nodeOf(outer.x);
  if (!outer || !isNode(inner, mulDefinition) || graph.isShared(outer.x)) return undefined;
  const nested = scaledBy(inner, graph);
  // Numbers alone are folded; to exchange them would go on for ever.
  if (!nested || numberOf(nested.x, graph) !== undefined) return undefined;
  const factor = graph.apply(mulDefinition, [nested.scalar, outer.scalar], {});
  return graph.apply(mulDefinition, [nested.x, repeat(factor, nested.x.type.shape, graph)], {});
};

/**
 * (a . b) s is (a s) . b where a has fewer elements than the product, likewise for b. Constant factors stay, since
 * devices multiply by them within the product.
 */
const scaleSmallerOperand: Rule = (node, graph) => {
  const scaled = scaledBy(node, graph);
  const product = scaled && graph.nodeOf(scaled.x);
  if (!scaled || !isNode(product, dotGeneralDefinition) || graph.isShared(scaled.x)) return undefined;
  if (numberOf(scaled.scalar, graph) !== undefined) return undefined;
  const sizes = product.inputs.map(({ type }) => elementCount(type.shape));
  const smaller = sizes[0]! <= sizes[1]! ? 0 : 1;
  if (sizes[smaller]! >= elementCount(scaled.x.type.shape)) return undefined;
  const operand = product.inputs[smaller]!;
  const other = product.inputs[1 - smaller]!;
  const moved = graph.apply(mulDefinition, [operand, repeat(scaled.scalar, operand.type.shape, graph)], {});
  return graph.apply(dotGeneralDefinition, smaller === 0 ? [moved, other] : [other, moved], product.attributes);
};

/** x^2 is x x. */
const square: Rule = ({ inputs: [x, y] }, graph) =>
  numberOf(y!, graph) === 2 ? graph.apply(mulDefinition, [x!, x!], {}) : undefined;

const castToSame: Rule = (node) => {
  const x = node.inputs[0]!;
  return isNode(node, castDefinition) && node.attributes.dtype === x.type.dtype ? x : undefined;
};

/** A choice that is known, or between equals. */
const knownChoice: Rule = ({ inputs: [predicate, onTrue, onFalse] }, graph) => {
  if (onTrue!.id === onFalse!.id) return onTrue;
  const known = numberOf(predicate!, graph);
  return known === undefined ? undefined : known === 0 ? onFalse : onTrue;
};

/** An op of repeated scalars is the repetition of the op of the scalars. */
const scalarsFirst: Rule = ({ definition, inputs, attributes }, graph) => {
  const { shape } = inputs[0]!.type;
  const scalars = inputs.flatMap((input) => scalarOf(input, graph) ?? []);
  if (shape.length === 0 || scalars.length < inputs.length) return undefined;
  return repeat(graph.apply(definition, scalars, attributes), shape, graph);
};

const elementwise: readonly OpDefinition[] = [
  ...[addDefinition, subDefinition, mulDefinition, divDefinition, powDefinition, maxDefinition, minDefinition],
  ...[negDefinition, absDefinition, expDefinition, logDefinition, sqrtDefinition, rsqrtDefinition, tanhDefinition],
  ...[notDefinition, andDefinition, orDefinition, castDefinition, selectDefinition, compareDefinition],
];

const identities: Rules = {
  [addDefinition.name]: [neutralRight(0), neutralLeft(0), addNegated],
  [subDefinition.name]: [neutralRight(0), subtractNegated],
  [mulDefinition.name]: [neutralRight(1), neutralLeft(1), scaleOnce, scaleSmallerOperand],
  [divDefinition.name]: [neutralRight(1)],
  [powDefinition.name]: [neutralRight(1), square],
  [negDefinition.name]: [twice],
  [notDefinition.name]: [twice],
  [castDefinition.name]: [castToSame],
  [selectDefinition.name]: [knownChoice],
};

export const arithmeticRules: Rules = Object.fromEntries(
  elementwise.map(({ name }) => [name, [...(identities[name] ?? []), scalarsFirst]]),
);
