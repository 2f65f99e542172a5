import type { GraphPort, OnnxGraph, OnnxNode } from '../lowering/graph.js';
import { onnxType } from '../lowering/onnx-type.js';

/** The graph with int64 in place of its int32 inputs, as transformers' exports have them: each is cast at the start. */
export function withInt64Inputs(graph: OnnxGraph): OnnxGraph {
  const wide = new Map(graph.inputs.filter(isInt32).map(({ name }) => [name, `${name}/int32`]));
  const narrowed = (name: string) => wide.get(name) ?? name;
  const casts = [...wide].map(([name, narrow]): OnnxNode => {
    return { operator: 'Cast', domain: '', inputs: [name], outputs: [narrow], attributes: { to: onnxType.i32 } };
  });
  return {
    ...graph,
    inputs: graph.inputs.map((port) => (isInt32(port) ? { ...port, dtype: 'i64' } : port)),
    nodes: [...casts, ...graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(narrowed) }))],
  };
}

const isInt32 = ({ type }: GraphPort): boolean => type.dtype === 'i32';
