import type { HostTensor, Program } from '@attune/ir';
import { outputName } from './lowering/emit.js';
import type { GraphPort, OnnxGraph } from './lowering/graph.js';
import { lower } from './lowering/lower.js';

/**
 * An inference program as a self-contained ONNX graph: parameters become initializers, the other inputs and the
 * outputs keep their names, or get those in `names`.
 */
export function exportGraph(
  program: Program,
  parameters: ReadonlyMap<string, HostTensor>,
  names: ReadonlyMap<string, string> = new Map(),
): OnnxGraph {
  const graph = lower(program);
  const rename = (name: string) => names.get(name) ?? name;
  const outputs = new Map(program.outputs.map(({ name }) => [outputName(name), names.get(name) ?? name]));
  const port = ({ name, ...rest }: GraphPort) => ({ ...rest, name: outputs.get(name) ?? rename(name) });
  const embedded = graph.inputs.filter(({ name }) => parameters.has(name));
  return {
    name: graph.name,
    inputs: graph.inputs.filter(({ name }) => !parameters.has(name)).map(port),
    outputs: graph.outputs.map(port),
    initializers: [
      ...graph.initializers,
      ...embedded.map(({ name }) => {
        const { type, data } = parameters.get(name)!;
        return { name, shape: type.shape, dtype: type.dtype, data };
      }),
    ],
    nodes: graph.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map((name) => outputs.get(name) ?? rename(name)),
      outputs: node.outputs.map((name) => outputs.get(name) ?? name),
    })),
  };
}
