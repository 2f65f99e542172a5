/**
 * Gradient checkpointing on programs (Chen et al. 2016): the forward part is cut where little is alive, such as between layers;
 * of each segment only what crosses a cut is kept, and the rest is computed again when the backward part comes to it. Must
 * be the last pass that looks at ops: `cse` would undo it, and so would a backend that merges equal ops.
 */
import { afterDefinition, type Capabilities, type Op, type Program, type ValueId } from '@attune/ir';
import { type Forward, type Segment, segmentsOf } from './segments.js';

/** The program that computes again what it would keep for long; the same if it keeps nothing between two passes. */
export function rematerialize(program: Program, { composites }: Pick<Capabilities, 'composites'>): Program {
  const { forward, segments } = segmentsOf(program);
  const draft: Draft = {
    program: { ...program, types: [...program.types] },
    waits: composites.has(afterDefinition.name),
  };
  const inserted = new Map<number, readonly Op[]>();
  const renamed = new Map<ValueId, ValueId>();
  let done = forward.end;
  for (const segment of segments.toReversed()) {
    const repeat = repeatOf(segment, forward, done, draft);
    if (!repeat) continue;
    done = repeat.before;
    inserted.set(repeat.before, [...(inserted.get(repeat.before) ?? []), ...repeat.ops]);
    for (const [value, again] of repeat.results) renamed.set(value, again);
  }
  if (inserted.size === 0) return program;
  const ops = program.ops.flatMap((op, position) => {
    const isLater = position > forward.end && op.inputs.some((id) => renamed.has(id));
    const own = isLater ? { ...op, inputs: op.inputs.map((id) => renamed.get(id) ?? id) } : op;
    return [...(inserted.get(position) ?? []), own];
  });
  return { ...draft.program, ops };
}

interface Draft {
  readonly program: Program & { readonly types: TensorTypes };
  /** Whether the device has to be told what a repeated op waits for. */
  readonly waits: boolean;
}

type TensorTypes = Program['types'][number][];

interface Repeat {
  /** The position of the op before which the ops go. */
  readonly before: number;
  readonly ops: readonly Op[];
  /** What stands for the values that were dropped. */
  readonly results: ReadonlyMap<ValueId, ValueId>;
}

/**
 * The ops of a segment that give its dropped values again; undefined if it has none.
 * @param done up to where the backward part is in order already
 */
function repeatOf(segment: Segment, forward: Forward, done: number, { program, waits }: Draft): Repeat | undefined {
  const { ops } = program;
  const isKept = (id: ValueId) => {
    const position = forward.producers.get(id);
    return position !== undefined && (position <= segment.start || forward.lastForward[id]! > segment.end);
  };
  const anchored = new Set<ValueId>();
  for (let position = segment.start + 1; position <= segment.end; position++) {
    const { inputs, outputs } = ops[position]!;
    if (inputs.some((id) => isKept(id) || anchored.has(id))) for (const id of outputs) anchored.add(id);
  }
  const dropped = [...anchored].filter((id) => forward.firstBackward.has(id) && !isKept(id));
  if (dropped.length === 0) return undefined;
  const needed = new Set(dropped);
  const positions: number[] = [];
  for (let position = segment.end; position > segment.start; position--) {
    const { inputs, outputs } = ops[position]!;
    if (!outputs.some((id) => needed.has(id))) continue;
    positions.unshift(position);
    for (const id of inputs) if (anchored.has(id) && !isKept(id)) needed.add(id);
  }
  const before = dropped.reduce((first, id) => Math.min(first, forward.firstBackward.get(id)!), ops.length);
  const results = new Map<ValueId, ValueId>();
  const fresh = (id: ValueId) => program.types.push(program.types[id]!) - 1;
  const tokens = waits ? forward.madeBetween(done, before) : [];
  const repeated: Op[] = [];
  const held = new Map<ValueId, ValueId>();
  const read = (id: ValueId): ValueId => {
    const again = results.get(id) ?? held.get(id);
    if (again !== undefined || !isKept(id) || tokens.length === 0) return again ?? id;
    const waiting = fresh(id);
    // The first one waits for all that the backward part has made, the others for the first.
    const [first] = held.values();
    repeated.push({
      definition: afterDefinition,
      attributes: {},
      inputs: [id, ...(first === undefined ? tokens : [first])],
      outputs: [waiting],
    });
    held.set(id, waiting);
    return waiting;
  };
  for (const position of positions) {
    const op = ops[position]!;
    const inputs = op.inputs.map(read);
    const outputs = op.outputs.map((id) => {
      const again = fresh(id);
      results.set(id, again);
      return again;
    });
    repeated.push({ ...op, inputs, outputs });
  }
  return { before, ops: repeated, results: new Map(dropped.map((id) => [id, results.get(id)!])) };
}
