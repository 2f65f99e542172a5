/**
 * Gradient checkpointing on programs: values that wait long for their next use (activations, from forward to backward)
 * are dropped and computed again just before it. Must be the last pass that looks at ops: `cse` would undo it, and so
 * would a backend that merges equal ops.
 */
import { byteLength, type Op, type Program, type TensorType, type ValueId } from '@attune/ir';
import { lastUses, liveBytes } from './liveness.js';
import { isCheap, opCost } from './op-cost.js';

export interface RematerializeOptions {
  /** The peak of `liveBytes` to get below; 0 asks for the least that can be reached. */
  readonly budgetBytes: number;
  /** `cheap` repeats no products, sorts or scatters; `all` (the default) computes again whatever is needed. */
  readonly recompute?: 'cheap' | 'all';
}

/** Recomputes until the budget holds or nothing more can be gained; the results of the program stay the same. */
export function rematerialize(program: Program, options: RematerializeOptions): Program {
  let draft: Draft = { program, roots: new Map() };
  let excess = excessOf(program, options.budgetBytes);
  while (excess.total > 0) {
    const step = improve(draft, excess, options);
    if (!step) break;
    ({ draft, excess } = step);
  }
  return draft.program;
}

/** A program, and for each value that is computed again, the value that it repeats. */
interface Draft {
  readonly program: Program;
  readonly roots: ReadonlyMap<ValueId, ValueId>;
}

interface Excess {
  /** The bytes over the budget, summed over the ops. */
  readonly total: number;
  readonly peak: number;
  /** The op with the highest use of memory. */
  readonly position: number;
}

function excessOf(program: Program, budget: number): Excess {
  const live = liveBytes(program);
  const peak = live.reduce((a, b) => Math.max(a, b), 0);
  return {
    total: live.reduce((sum, bytes) => sum + Math.max(0, bytes - budget), 0),
    peak,
    position: live.indexOf(peak),
  };
}

/** Tries candidates, best first, until one lowers the excess without raising the peak. */
function improve(
  draft: Draft,
  excess: Excess,
  options: RematerializeOptions,
): { draft: Draft; excess: Excess } | undefined {
  const candidates = candidatesAt(draft, excess.position, options).sort((a, b) => b.score - a.score);
  for (const candidate of candidates) {
    const changed = recomputeBefore(draft, candidate);
    const after = excessOf(changed.program, options.budgetBytes);
    if (after.total < excess.total && after.peak <= excess.peak) return { draft: changed, excess: after };
  }
  return undefined;
}

interface Candidate {
  readonly value: ValueId;
  /** The position of the first use after the peak: computed again before it. */
  readonly use: number;
  /** Ops to repeat, in order. */
  readonly ops: readonly Op[];
  /** Values to read instead of those that the repeated ops read: repeats that are alive at the use. */
  readonly substitutes: ReadonlyMap<ValueId, ValueId>;
  readonly score: number;
}

function candidatesAt(draft: Draft, peak: number, { recompute = 'all' }: RematerializeOptions): Candidate[] {
  const { program } = draft;
  const index = indexOf(draft);
  const returned = new Set(program.outputs.map(({ value }) => value));
  const candidates: Candidate[] = [];
  for (const [value, { position }] of index.producers) {
    if (position >= peak || index.last[value]! <= peak || returned.has(value)) continue;
    const uses = index.uses.get(value)!;
    const use = uses.find((at) => at > peak);
    if (use === undefined || uses.includes(peak)) continue;
    const plan = planOf(value, use, peak, index);
    if (recompute === 'cheap' && !plan.ops.every((op) => isCheap(op, program))) continue;
    const cost = plan.ops.reduce((sum, op) => sum + opCost(op, program), 0);
    candidates.push({ value, use, ...plan, score: (byteLength(program.types[value]!) * (use - peak)) / (1 + cost) });
  }
  return candidates;
}

interface Index {
  readonly ops: readonly Op[];
  /** The op that makes each value, and where it stands; program inputs and constants have none. */
  readonly producers: ReadonlyMap<ValueId, { readonly op: Op; readonly position: number }>;
  /** Positions of the ops that use each value, ascending. */
  readonly uses: ReadonlyMap<ValueId, readonly number[]>;
  readonly last: readonly number[];
  /** All values that are the same as a value of the original program, by that value. */
  readonly copies: ReadonlyMap<ValueId, readonly ValueId[]>;
  readonly roots: ReadonlyMap<ValueId, ValueId>;
}

function indexOf({ program, roots }: Draft): Index {
  const producers = new Map<ValueId, { op: Op; position: number }>();
  const uses = new Map<ValueId, number[]>();
  const copies = new Map<ValueId, ValueId[]>();
  for (const [position, op] of program.ops.entries()) {
    for (const id of op.inputs) append(uses, id, position);
    for (const id of op.outputs) {
      producers.set(id, { op, position });
      append(copies, roots.get(id) ?? id, id);
    }
  }
  return { ops: program.ops, producers, uses, copies, roots, last: lastUses(program.ops, program) };
}

function append<T>(lists: Map<ValueId, T[]>, key: ValueId, entry: T): void {
  const list = lists.get(key);
  if (list) list.push(entry);
  else lists.set(key, [entry]);
}

/** The ops to repeat for a value at a use: back to what is alive there, or was computed again after the peak. */
function planOf(value: ValueId, use: number, peak: number, index: Index): Pick<Candidate, 'ops' | 'substitutes'> {
  const positions = new Set<number>();
  const substitutes = new Map<ValueId, ValueId>();
  const available = (id: ValueId) =>
    index.copies.get(index.roots.get(id) ?? id)?.find((copy) => {
      const { position } = index.producers.get(copy)!;
      return position < use && (index.last[copy]! >= use || position > peak);
    });
  const visit = (id: ValueId) => {
    const producer = index.producers.get(id);
    if (!producer) return;
    const present = id === value ? undefined : available(id);
    if (present !== undefined) {
      substitutes.set(id, present);
      return;
    }
    if (positions.has(producer.position)) return;
    positions.add(producer.position);
    producer.op.inputs.forEach(visit);
  };
  visit(value);
  return { ops: [...positions].sort((a, b) => a - b).map((position) => index.ops[position]!), substitutes };
}

/** Inserts the repeated ops before the use; the uses from there on read the repeated value. */
function recomputeBefore({ program, roots }: Draft, { value, use, ops, substitutes }: Candidate): Draft {
  const types: TensorType[] = [...program.types];
  const nextRoots = new Map(roots);
  const renamed = new Map<ValueId, ValueId>(substitutes);
  const repeated = ops.map((op): Op => {
    const inputs = op.inputs.map((id) => renamed.get(id) ?? id);
    const outputs = op.outputs.map((id) => {
      const fresh = types.push(types[id]!) - 1;
      renamed.set(id, fresh);
      nextRoots.set(fresh, roots.get(id) ?? id);
      return fresh;
    });
    return { ...op, inputs, outputs };
  });
  const replacement = renamed.get(value)!;
  const later = program.ops
    .slice(use)
    .map((op) =>
      op.inputs.includes(value) ? { ...op, inputs: op.inputs.map((id) => (id === value ? replacement : id)) } : op,
    );
  return {
    program: { ...program, types, ops: [...program.ops.slice(0, use), ...repeated, ...later] },
    roots: nextRoots,
  };
}
