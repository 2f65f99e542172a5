import { decomposeAll, type Program } from '@attune/ir';
import { nativeComposites } from '../emitters/composites.js';
import { emit, emitOutput, outputName } from './emit.js';
import { emitTiles } from './emit-tiles.js';
import type { GraphPort, OnnxGraph, OnnxNode } from './graph.js';
import { Lowering } from './lowering.js';
import { tiledUpdates } from './tiles.js';

export interface LowerOptions {
  /** Elements of the tiles in which large tensors are updated; whole tensors where absent. */
  readonly tileElements?: number;
}

/** Lowers a program to one ONNX graph with the program's own input and output names (`out:<name>` for outputs). */
export function lower(source: Program, { tileElements = Number.POSITIVE_INFINITY }: LowerOptions = {}): OnnxGraph {
  const program = decomposeAll(source, nativeComposites);
  const lowering = new Lowering(program);
  const updates = tiledUpdates(program, 2 * tileElements);
  const tiledOps = new Set(updates.flatMap(({ ops }) => ops));
  for (const op of program.ops) if (!tiledOps.has(op)) emit(lowering, op);
  const tiles = updates.map((update) => emitTiles(lowering, update, tileElements));
  const tiledOutputs = new Set(updates.flatMap(({ outputs }) => outputs));
  const whole = program.outputs.filter(({ value }) => !tiledOutputs.has(value));
  const outputs = whole.map(({ name, value }): GraphPort => {
    emitOutput(lowering, value, outputName(name));
    return { name: outputName(name), port: name, type: lowering.type(value) };
  });
  const { nodes, initializers } = lowering.graph;
  const inputs = [...wholeInputs(program, nodes, tiles), ...tiles.flatMap((tile) => tile.inputs)];
  return {
    name: program.name,
    inputs,
    outputs: [...outputs, ...tiles.flatMap((tile) => tile.outputs)],
    initializers,
    nodes: renameOutputs(nodes, new Set(inputs.map(({ name }) => name))),
  };
}

/** The program's inputs, but for those that only tiles read. */
function wholeInputs(
  { inputs, types }: Program,
  nodes: readonly OnnxNode[],
  tiles: readonly { readonly inputs: readonly GraphPort[] }[],
): readonly GraphPort[] {
  const inTiles = new Set(tiles.flatMap((tile) => tile.inputs.map(({ port }) => port)));
  const read = new Set(nodes.flatMap((node) => node.inputs));
  return inputs
    .filter(({ name }) => read.has(name) || !inTiles.has(name))
    .map(({ name, value }) => ({ name, port: name, type: types[value]! }));
}

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
