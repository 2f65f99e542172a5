import type { Program } from '@attune/ir';
import { decomposeAll } from '@attune/ir/internal';
import { nativeComposites } from '../emitters/composites.js';
import { normalFloatMatmulDefinition } from '../loops/quantized-products.js';
import { scanDefinition } from '../loops/scan.js';
import { withLoops } from '../loops/with-loops.js';
import { emit, emitOutput, outputName } from './emit.js';
import { emitTiles } from './emit-tiles.js';
import type { GraphPort, OnnxGraph, OnnxNode } from './graph.js';
import { Lowering } from './lowering.js';
import { tiledUpdates } from './tiles.js';
import { readsOf, withoutCopies } from './without-copies.js';

export interface LowerOptions {
  /** Elements of the tiles in which large tensors are updated; whole tensors where absent. */
  readonly tileElements?: number;
  /** Whether what goes through sequences step by step is a loop; else the steps are unrolled, as by default. */
  readonly loops?: boolean;
  /** Whether products of few rows are computed the other way round, which depends on their number; false by default. */
  readonly turnsFewRows?: boolean;
}

const keptComposites: ReadonlySet<string> = new Set([
  ...nativeComposites,
  scanDefinition.name,
  normalFloatMatmulDefinition.name,
]);

/** Lowers a program to one ONNX graph with the program's own input and output names (`out:<name>` for outputs). */
export function lower(
  source: Program,
  { tileElements = Number.POSITIVE_INFINITY, loops = false, turnsFewRows = false }: LowerOptions = {},
): OnnxGraph {
  const program = decomposeAll(loops ? withLoops(source) : source, keptComposites);
  const lowering = new Lowering(program, { turnsFewRows });
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
    nodes: withoutCopies(nodes, inputs),
  };
}

/** The program's inputs, but for those that only tiles read. */
function wholeInputs(
  { inputs, types }: Program,
  nodes: readonly OnnxNode[],
  tiles: readonly { readonly inputs: readonly GraphPort[] }[],
): readonly GraphPort[] {
  const inTiles = new Set(tiles.flatMap((tile) => tile.inputs.map(({ port }) => port)));
  const read = new Set(nodes.flatMap(readsOf));
  return inputs
    .filter(({ name }) => read.has(name) || !inTiles.has(name))
    .map(({ name, value }) => ({ name, port: name, type: types[value]! }));
}
