/** Recognises what the device has a kernel for, and what models and objectives make of several ops. */
import {
  type Attributes,
  addDefinition,
  broadcastDefinition,
  type Capabilities,
  crossEntropyDefinition,
  dotGeneralDefinition,
  linearCrossEntropyDefinition,
  type OpDefinition,
  type Program,
  reshape,
  reshapeDefinition,
  type Value,
} from '@attune/ir';
import { eliminateDeadCode } from './dead-code.js';
import { isNode, type Node, type Rewriter, type Rule, rewriteProgram } from './rewriter.js';
import { claims, type FusionOptions } from './unfuse.js';

/** From so many times the width on, logits are larger than all other activations of a transformer. */
const LARGE_VOCABULARY = 4;

/**
 * Joins a product with a large vocabulary and its cross entropy to `linear_cross_entropy`, if the device claims that and nobody
 * else reads the logits. It comes after `narrow`, which takes slices of logits away, and before differentiation.
 */
export function fuse(program: Program, capabilities: Capabilities, options: FusionOptions = {}): Program {
  if (!claims(linearCrossEntropyDefinition, capabilities, options)) return program;
  return eliminateDeadCode(rewriteProgram(program, { [crossEntropyDefinition.name]: [linearCrossEntropyRule] }));
}

const linearCrossEntropyRule: Rule = (node, graph) => {
  const [logits, labels] = node.inputs;
  const linear = isNode(node, crossEntropyDefinition) ? linearOf(logits!, graph) : undefined;
  if (!linear) return undefined;
  const { hidden, weight, bias } = linear;
  const [classes, width] = weight.type.shape;
  if (classes! < LARGE_VOCABULARY * width!) return undefined;
  const inputs = [reshape(hidden, [-1, width!]), weight, labels!, ...(bias ? [bias] : [])];
  return graph.builder.apply(linearCrossEntropyDefinition, inputs, node.attributes)[0]!;
};

interface Linear {
  readonly hidden: Value;
  readonly weight: Value;
  readonly bias?: Value;
}

/** What logits [rows, classes] are the linear function of; undefined where they are made otherwise. */
function linearOf(logits: Value, graph: Rewriter): Linear | undefined {
  const made = beforeReshapes(logits, graph);
  const product = productOf(made, graph);
  if (product) return product;
  const sum = ownNode(made, addDefinition, graph);
  if (!sum) return undefined;
  const [left, right] = sum.inputs;
  for (const [term, other] of [[left!, right!] as const, [right!, left!] as const]) {
    const [linear, bias] = [productOf(beforeReshapes(term, graph), graph), biasOf(other, graph)];
    if (linear && bias) return { ...linear, bias };
  }
  return undefined;
}

function productOf(value: Value, graph: Rewriter): Linear | undefined {
  const node = ownNode(value, dotGeneralDefinition, graph);
  if (!node) return undefined;
  const [hidden, weight] = node.inputs;
  const { lhsBatch, lhsContract, rhsContract } = node.attributes;
  const isProjection =
    lhsBatch.length === 0 &&
    lhsContract.length === 1 &&
    lhsContract[0] === hidden!.type.shape.length - 1 &&
    weight!.type.shape.length === 2 &&
    rhsContract[0] === 1;
  return isProjection ? { hidden: hidden!, weight: weight! } : undefined;
}

/** The vector that is the same for all rows of a value. */
function biasOf(value: Value, graph: Rewriter): Value | undefined {
  const node = graph.nodeOf(value);
  if (!isNode(node, broadcastDefinition)) return undefined;
  const [source] = node.inputs;
  const isVector = source!.type.shape.length === 1 && source!.type.shape[0] === value.type.shape.at(-1);
  return isVector && node.attributes.dimensions[0] === value.type.shape.length - 1 ? source : undefined;
}

/** Goes back through reshapes that keep the last axis. */
function beforeReshapes(value: Value, graph: Rewriter): Value {
  const [source] = ownNode(value, reshapeDefinition, graph)?.inputs ?? [];
  return source && source.type.shape.at(-1) === value.type.shape.at(-1) ? beforeReshapes(source, graph) : value;
}

/** How a value that is read once is made, if by that op. */
function ownNode<A extends Attributes>(
  value: Value,
  definition: OpDefinition<string, A>,
  graph: Rewriter,
): Node<A> | undefined {
  const node = graph.nodeOf(value);
  return !graph.isShared(value) && isNode(node, definition) ? node : undefined;
}
