/** Where a program that is differentiated turns back, and where its forward part is best cut. */
import { broadcastDefinition, byteLength, type Program, type ValueId } from '@attune/ir';
import { lastUses, liveBytes } from './liveness.js';

/** Positions after `start`, up to `end`. */
export interface Segment {
  readonly start: number;
  readonly end: number;
}

export interface Forward {
  /** The position of its last op: there the most is alive. */
  readonly end: number;
  /** Positions of the ops that make the values of the forward part. */
  readonly producers: ReadonlyMap<ValueId, number>;
  /** The last position within the forward part where each value is used, or made. */
  readonly lastForward: readonly number[];
  /** Where values of the forward part are used first behind it; outputs of the program are not among them. */
  readonly firstBackward: ReadonlyMap<ValueId, number>;
  /** Values that are made between two positions of the backward part, and used behind them. */
  madeBetween(start: number, end: number): readonly ValueId[];
}

/** How much dearer than the cheapest cut one may be. */
const TOLERANCE = 1.5;

/** The segments of the forward part but for what follows the last cut. */
export function segmentsOf(program: Program): { readonly forward: Forward; readonly segments: readonly Segment[] } {
  const forward = forwardOf(program);
  const { end, firstBackward, producers } = forward;
  const saved = new Array<number>(end + 1).fill(0);
  for (const id of firstBackward.keys()) saved[producers.get(id)!]! += bytesOf(id, program, forward);
  const total = saved.reduce((sum, bytes) => sum + bytes, 0);
  const costs = cutCosts(program, forward);
  const cheapest = cheapestCut(costs, saved, total);
  if (cheapest === undefined) return { forward, segments: [] };
  // So many bytes to a segment that those and all cuts together are least.
  const size = Math.sqrt(total * cheapest);
  const segments: Segment[] = [];
  let [start, bytes, lastCut] = [-1, 0, -1];
  for (let position = 0; position <= end; position++) {
    bytes += saved[position]!;
    const cost = costs[position]!;
    const isCut = cost >= cheapest / TOLERANCE && cost <= cheapest * TOLERANCE;
    if (isCut) lastCut = position;
    // Of the first segment nothing is kept that it could start from, so it ends as soon as it can.
    if (!isCut || (start >= 0 && bytes < size)) continue;
    segments.push({ start, end: position });
    [start, bytes] = [position, 0];
  }
  // What the last layers keep is not there while the loss is computed, which takes much itself.
  if (lastCut > start) segments.push({ start, end: lastCut });
  return { forward, segments };
}

/** The lowest cost of a cut that leaves some of what is saved on both sides; undefined if there is no such cut. */
function cheapestCut(costs: readonly number[], saved: readonly number[], total: number): number | undefined {
  let [before, cheapest] = [0, Number.POSITIVE_INFINITY];
  for (const [position, bytes] of saved.entries()) {
    before += bytes;
    if (before > 0.1 * total && before < 0.9 * total) cheapest = Math.min(cheapest, costs[position]!);
  }
  return cheapest > 0 && Number.isFinite(cheapest) ? cheapest : undefined;
}

/** What keeping a value takes: repeating another one takes nothing. */
function bytesOf(id: ValueId, { ops, types }: Program, { producers }: Forward): number {
  const op = ops[producers.get(id)!]!;
  return op.definition.name === broadcastDefinition.name ? 0 : byteLength(types[id]!);
}

/** The bytes that the forward part needs behind each position, but for what all of it shares, such as masks. */
function cutCosts(program: Program, forward: Forward): readonly number[] {
  const { end, producers, lastForward } = forward;
  const change = new Array<number>(end + 1).fill(0);
  for (const [id, position] of producers) {
    if (lastForward[id]! - position > end / 2) continue;
    const bytes = bytesOf(id, program, forward);
    change[position]! += bytes;
    change[Math.max(lastForward[id]!, position)]! -= bytes;
  }
  let alive = 0;
  return change.map((bytes) => {
    alive += bytes;
    return alive;
  });
}

function forwardOf(program: Program): Forward {
  const { ops, types, outputs } = program;
  const live = liveBytes(program);
  const end = live.indexOf(live.reduce((a, b) => Math.max(a, b), 0));
  const last = lastUses(ops, program);
  const producers = new Map<ValueId, number>();
  const lastForward = new Array<number>(types.length).fill(-1);
  const firstBackward = new Map<ValueId, number>();
  const returned = new Set(outputs.map(({ value }) => value));
  const made = new Map<ValueId, number>();
  for (const [position, op] of ops.entries()) {
    for (const id of op.inputs) {
      if (position <= end) lastForward[id] = position;
      else if (producers.has(id) && !returned.has(id) && !firstBackward.has(id)) firstBackward.set(id, position);
    }
    for (const id of op.outputs) (position <= end ? producers : made).set(id, position);
  }
  return {
    end,
    producers,
    lastForward,
    firstBackward,
    madeBetween: (from, to) => [...made].flatMap(([id, at]) => (at >= from && at < to && last[id]! >= to ? [id] : [])),
  };
}
