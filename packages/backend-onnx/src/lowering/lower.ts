import { type Attributes, AttuneError, decomposeAll, type Op, type Program } from '@attune/ir';
import { compositeEmitters, nativeComposites } from '../emitters/composites.js';
import type { Emit } from '../emitters/emitter.js';
import { primitiveEmitters } from '../emitters/primitives.js';
import type { OnnxGraph, OnnxNode } from './graph.js';
import { Lowering } from './lowering.js';

/** Lowers a program to one ONNX graph with the program's own input and output names (`out:<name>` for outputs). */
export function lower(program: Program): OnnxGraph {
  const lowering = new Lowering(decomposeAll(program, nativeComposites));
  for (const op of lowering.program.ops) emit(lowering, op);
  const outputs = lowering.program.outputs.map((port) => {
    const name = outputName(port.name);
    const source = lowering.full(port.value);
    lowering.graph.nodes.push({ operator: 'Identity', domain: '', inputs: [source], outputs: [name], attributes: {} });
    return { name, type: lowering.type(port.value) };
  });
  const { nodes, initializers } = lowering.graph;
  return {
    name: program.name,
    inputs: program.inputs.map(({ name, value }) => ({ name, type: program.types[value]! })),
    outputs,
    initializers,
    nodes: renameOutputs(nodes, new Set(program.inputs.map(({ name }) => name))),
  };
}

/** ONNX has one name space for inputs and outputs, programs have two. */
export const outputName = (name: string): string => `out:${name}`;

function emit(lowering: Lowering, op: Op): void {
  const emitter = emitters[op.definition.name];
  if (!emitter) {
    throw new AttuneError('E_UNSUPPORTED_PROGRAM', `The ONNX backend has no operator for ${op.definition.name}.`);
  }
  emitter(lowering, op, op.attributes);
}

const emitters: Readonly<Record<string, Emit<Attributes>>> = { ...primitiveEmitters, ...compositeEmitters };

/** Lets nodes write outputs under their final names, so that no Identity copies them. */
function renameOutputs(nodes: readonly OnnxNode[], inputs: ReadonlySet<string>): OnnxNode[] {
  const produced = new Set(nodes.filter(({ operator }) => operator !== 'Identity').flatMap(({ outputs }) => outputs));
  const finals = new Map<string, string>();
  for (const {
    operator,
    inputs: [source],
    outputs: [name],
  } of nodes) {
    if (
      operator === 'Identity' &&
      source &&
      name &&
      produced.has(source) &&
      !inputs.has(source) &&
      !finals.has(source)
    ) {
      finals.set(source, name);
    }
  }
  const rename = (name: string) => finals.get(name) ?? name;
  return nodes
    .filter(
      ({ operator, inputs: [source], outputs: [name] }) => !(operator === 'Identity' && finals.get(source!) === name),
    )
    .map((node) => ({ ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) }));
}
