import type { AttributeValue, GraphPort, OnnxGraph, OnnxNode } from './graph.js';

/** Lets nodes write outputs under their final names, so that no Identity copies them. */
export function withoutCopies(nodes: readonly OnnxNode[], inputs: readonly GraphPort[]): readonly OnnxNode[] {
  const given = new Set(inputs.map(({ name }) => name));
  const produced = new Set(nodes.filter(({ operator }) => operator !== 'Identity').flatMap(({ outputs }) => outputs));
  const finals = new Map<string, string>();
  for (const node of nodes) {
    const copy = copyOf(node);
    if (copy && produced.has(copy.from) && !given.has(copy.from) && !finals.has(copy.from)) {
      finals.set(copy.from, copy.to);
    }
  }
  const rename = (name: string) => finals.get(name) ?? name;
  return nodes
    .filter((node) => {
      const copy = copyOf(node);
      return !copy || finals.get(copy.from) !== copy.to;
    })
    .map((node) => renamed(node, rename));
}

function copyOf({ operator, inputs: [from], outputs: [to] }: OnnxNode): { from: string; to: string } | undefined {
  return operator === 'Identity' && from !== undefined && to !== undefined ? { from, to } : undefined;
}

function renamed(node: OnnxNode, rename: (name: string) => string): OnnxNode {
  const attributes = Object.entries(node.attributes).map(([name, value]): [string, AttributeValue] => {
    const body = bodyOf(value);
    return [name, body ? { graph: { ...body, nodes: body.nodes.map((each) => renamed(each, rename)) } } : value];
  });
  return {
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
    attributes: Object.fromEntries(attributes),
  };
}

const bodyOf = (value: AttributeValue): OnnxGraph | undefined =>
  typeof value === 'object' && 'graph' in value ? value.graph : undefined;

/** The tensors that a node reads, those of its body from around it included. */
export function readsOf({ inputs, attributes }: OnnxNode): readonly string[] {
  const bodies = Object.values(attributes).flatMap((value) => bodyOf(value)?.nodes ?? []);
  return [...inputs, ...bodies.flatMap(readsOf)];
}
