import { type Program, tensorType, type ValueId } from '@attune/ir';
import { emit, emitOutput, outputName } from './emit.js';
import type { GraphPort } from './graph.js';
import { type Held, Lowering } from './lowering.js';
import { type TiledUpdate, tileProgram } from './tiles.js';

export interface TilePorts {
  readonly inputs: readonly GraphPort[];
  readonly outputs: readonly GraphPort[];
}

/** Appends the nodes of an update, tile by tile, and declares the parts of inputs and outputs that they work on. */
export function emitTiles(lowering: Lowering, update: TiledUpdate, tileElements: number): TilePorts {
  const sources = update.inputs.map((id) => ({ id, tileAt: sourceOf(lowering, id, update.elements) }));
  const inputs: GraphPort[] = [];
  const outputs: GraphPort[] = [];
  for (let start = 0; start < update.elements; start += tileElements) {
    const count = Math.min(tileElements, update.elements - start);
    const program = tileProgram(update, count);
    const tiles = sources.map(({ id, tileAt }) => [String(id), tileAt(start, count)] as const);
    for (const [, { port }] of tiles) if (port) inputs.push(port);
    const tile = new Lowering(program, {
      graph: lowering.graph,
      given: new Map(tiles.map(([name, { held }]) => [name, held])),
    });
    for (const op of program.ops) emit(tile, op);
    for (const { name, value } of program.outputs) {
      const port = outputPort(lowering.program, Number(name));
      const part = `${outputName(port)}[${start}]`;
      emitOutput(tile, value, part);
      outputs.push({ name: part, port, start, type: tensorType([count]) });
    }
  }
  return { inputs, outputs };
}

interface Tile {
  readonly held: Held;
  /** Where the tile is a port of its own. */
  readonly port?: GraphPort;
}

/** How to get at the tiles of a value: as ports of the graph for inputs, by slicing for what the graph makes. */
function sourceOf(lowering: Lowering, id: ValueId, elements: number): (start: number, count: number) => Tile {
  const { graph, program } = lowering;
  const held = lowering.held(id);
  if (held.shape.length === 0) return () => ({ held });
  const input = program.inputs.find(({ value }) => value === id);
  if (input) {
    return (start, count) => {
      const name = `${input.name}[${start}]`;
      return { held: { name, shape: [count] }, port: { name, port: input.name, start, type: tensorType([count]) } };
    };
  }
  const [flat] = graph.node('Reshape', [lowering.full(id), graph.integers([elements])]);
  return (start, count) => {
    const [name] = graph.node('Slice', [flat, graph.integers([start]), graph.integers([start + count])]);
    return { held: { name, shape: [count] } };
  };
}

const outputPort = ({ outputs }: Program, id: ValueId): string => outputs.find(({ value }) => value === id)!.name;
