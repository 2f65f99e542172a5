import type { HostTensor, Program } from '@attune/ir';
import type { GraphPort, OnnxGraph } from '../lowering/graph.js';
import { lower } from '../lowering/lower.js';
import { generalize, type Sample } from './generalize.js';
import { withInt64Inputs } from './int64-inputs.js';
import { sampleSizes } from './sizes.js';

export interface ExportOptions {
  /** Values by the name of the program's input; these inputs become initializers. */
  readonly parameters: ReadonlyMap<string, HostTensor>;
  /** What the program is traced at: numbers, and names of the sizes that stay open, two at most. */
  readonly shape: readonly (number | string)[];
  /** New names of the other inputs and of outputs. */
  readonly names?: ReadonlyMap<string, string>;
  /** Inputs of whole numbers are int64, as in transformers' exports, in place of int32. */
  readonly int64Inputs?: boolean;
}

/**
 * An inference program as a self-contained ONNX graph.
 * @param trace gives the program at a shape, with a number for each open size
 * @throws AttuneError `E_UNSUPPORTED_PROGRAM` for what has no operator, or depends on the open sizes in another way than
 * by products of them
 */
export function exportGraph(
  trace: (shape: readonly number[]) => Program,
  { parameters, shape, names = new Map(), int64Inputs = false }: ExportOptions,
): OnnxGraph {
  const open = shape.filter((size) => typeof size === 'string');
  const [first, ...more] = sampleSizes(open).map((sizes): Sample => {
    const at = shape.map((size) => (typeof size === 'number' ? size : sizes[size]!));
    return { sizes, graph: lower(trace(at)) };
  });
  const graph = withNames(withParameters(generalize([first!, ...more]), parameters), names);
  return int64Inputs ? withInt64Inputs(graph) : graph;
}

function withParameters(graph: OnnxGraph, parameters: ReadonlyMap<string, HostTensor>): OnnxGraph {
  const embedded = graph.inputs.flatMap(({ name }) => {
    const tensor = parameters.get(name);
    return tensor ? [{ name, shape: tensor.type.shape, dtype: tensor.type.dtype, data: tensor.data }] : [];
  });
  return {
    ...graph,
    inputs: graph.inputs.filter(({ name }) => !parameters.has(name)),
    initializers: [...graph.initializers, ...embedded],
  };
}

function withNames(graph: OnnxGraph, names: ReadonlyMap<string, string>): OnnxGraph {
  const named = ({ name, port }: GraphPort) => [name, names.get(port) ?? port] as const;
  const renamed = new Map([...graph.inputs, ...graph.outputs].map(named));
  const rename = (name: string) => renamed.get(name) ?? name;
  const port = (each: GraphPort): GraphPort => ({ ...each, name: rename(each.name) });
  return {
    ...graph,
    inputs: graph.inputs.map(port),
    outputs: graph.outputs.map(port),
    nodes: graph.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
    })),
  };
}
