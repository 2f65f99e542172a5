/** What the rules ask about values: is it one number everywhere, or one scalar everywhere? */
import { broadcastDefinition, elementCount, reshapeDefinition, transposeDefinition, type Value } from '@attune/ir';
import { isNode, type Rewriter } from './rewriter.js';

/** The number that every element of a value is known to be. */
export function numberOf(value: Value, graph: Rewriter): number | undefined {
  const tensor = graph.constantOf(value);
  if (tensor) {
    const { dtype, shape } = tensor.type;
    return elementCount(shape) === 1 && dtype !== 'f16' && dtype !== 'bf16' ? tensor.data[0] : undefined;
  }
  const node = graph.nodeOf(value);
  const repeats =
    isNode(node, broadcastDefinition) || isNode(node, reshapeDefinition) || isNode(node, transposeDefinition);
  return repeats ? numberOf(node.inputs[0]!, graph) : undefined;
}

/** The scalar of shape [] that a value repeats. */
export function scalarOf(value: Value, graph: Rewriter): Value | undefined {
  if (value.type.shape.length === 0) return value;
  const node = graph.nodeOf(value);
  return isNode(node, broadcastDefinition) && node.inputs[0]!.type.shape.length === 0 ? node.inputs[0] : undefined;
}

/** The scalar, repeated. */
export const repeat = (scalar: Value, shape: readonly number[], graph: Rewriter): Value =>
  graph.apply(broadcastDefinition, [scalar], { shape, dimensions: [] });
