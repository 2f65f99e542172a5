/**
 * Which values of a program get memory. The others are computed where they are read: if only one kernel reads them, if
 * they are only moved, or if that is cheaper than to write and read them.
 */
import {
  broadcastDefinition,
  concatDefinition,
  dotGeneralDefinition,
  dynamicSliceDefinition,
  dynamicUpdateSliceDefinition,
  elementCount,
  gatherDefinition,
  type Op,
  type Program,
  sortDefinition,
  type ValueId,
} from '@attune/ir';
import { type ProgramExpressions, ruleOf } from '../expressions/program-expressions.js';
import { isOp } from './op.js';

/** What it takes to compute an element where it is read. */
interface Work {
  readonly cost: number;
  /** Stored values that it reads. */
  readonly leaves: ReadonlySet<ValueId>;
}

interface Use {
  /** Outputs, and ops that are kernels of their own or whose results are stored, in which the value would be computed. */
  readonly sinks: ReadonlySet<Op | 'output'>;
  /** Whether one of them reads its elements more than once. */
  readonly repeated: boolean;
}

/** Values that one expression may read: a kernel has eight buffers for its operands and results. */
const LEAVES = 5;

/** Costs up to which elements are computed again, by the number of values that are read for it. */
const cheapCosts = [40, 4] as const;

const isCheap = ({ cost, leaves }: Work): boolean => cost <= (cheapCosts[leaves.size] ?? 0);

/** Moving an element costs something where its place is data, or where there are several that it may come from. */
function viewCost(op: Op): number {
  if (isOp(op, gatherDefinition)) return 3;
  if (isOp(op, dynamicSliceDefinition)) return 1;
  if (isOp(op, dynamicUpdateSliceDefinition)) return 4;
  return isOp(op, concatDefinition) ? 2 * op.inputs.length : 0;
}

/** Which operands of a view say where its elements lie, by number from the first one on. */
function firstPlace(op: Op): number {
  if (isOp(op, gatherDefinition) || isOp(op, dynamicSliceDefinition)) return 1;
  return isOp(op, dynamicUpdateSliceDefinition) ? 2 : op.inputs.length;
}

const readsRepeatedly = (op: Op): boolean => isOp(op, dotGeneralDefinition) || isOp(op, sortDefinition);

/** @param stored is filled with the values of ops that are stored; `expressions` may ask it */
export function chooseStored(
  program: Program,
  expressions: ProgramExpressions,
  stored: Set<ValueId>,
  windowsOf: (value: ValueId) => number,
): void {
  const { live, candidates } = storeShared(program, stored);
  const works = new Map<ValueId, Work>();
  const workOf = (value: ValueId): Work =>
    (stored.has(value) ? undefined : works.get(value)) ?? {
      cost: 0,
      leaves: new Set(expressions.isParameter(value) ? [] : [value]),
    };
  for (const op of live) {
    storeOperands(op, { workOf, windowsOf, stored });
    const rule = ruleOf(op);
    if (rule.kind === 'kernel') {
      if (readsRepeatedly(op)) for (const input of op.inputs) if (!isCheap(workOf(input))) stored.add(input);
      continue;
    }
    const operands = [...new Set(op.inputs)].map(workOf);
    const own = rule.kind === 'view' ? viewCost(op) : rule.cost;
    const work: Work = {
      cost: operands.reduce((sum, { cost }) => sum + cost, own),
      leaves: new Set(operands.flatMap(({ leaves }) => [...leaves])),
    };
    const result = op.outputs[0]!;
    works.set(result, work);
    if (candidates.has(result) && isCheap(work)) stored.delete(result);
  }
}

interface Shared {
  /** Ops that outputs depend on, in order. */
  readonly live: readonly Op[];
  /** Values that were stored because several kernels need them, which may be too cheap for that. */
  readonly candidates: ReadonlySet<ValueId>;
}

/** Stores outputs, the results of ops that are kernels, and what is computed for several kernels. */
function storeShared({ ops, outputs, types }: Program, stored: Set<ValueId>): Shared {
  const uses = new Map<ValueId, Use>();
  const use = (value: ValueId, { sinks, repeated }: Use) => {
    const known = uses.get(value);
    uses.set(value, {
      sinks: known ? new Set([...known.sinks, ...sinks]) : sinks,
      repeated: repeated || (known?.repeated ?? false),
    });
  };
  const kept = new Set(outputs.map(({ value }) => value));
  for (const value of kept) use(value, { sinks: new Set(['output']), repeated: false });
  const sizeOf = (value: ValueId) => elementCount(types[value]!.shape);
  const candidates = new Set<ValueId>();
  const live: Op[] = [];
  for (const op of ops.toReversed()) {
    const found = op.outputs.flatMap((output) => uses.get(output) ?? []);
    if (found.length === 0) continue;
    live.unshift(op);
    const { kind } = ruleOf(op);
    const result = op.outputs[0]!;
    if (kind === 'kernel') {
      for (const output of op.outputs) stored.add(output);
      for (const input of op.inputs) use(input, { sinks: new Set([op]), repeated: readsRepeatedly(op) });
      continue;
    }
    const own = found[0]!;
    const isShared = kind !== 'view' && (own.sinks.size > 1 || own.repeated);
    if (isShared && !kept.has(result)) candidates.add(result);
    if (isShared || kept.has(result)) stored.add(result);
    const passed = stored.has(result) ? { sinks: new Set([op]), repeated: false } : own;
    for (const [position, input] of op.inputs.entries()) {
      const repeats = isOp(op, broadcastDefinition) || position >= firstPlace(op);
      use(input, { ...passed, repeated: passed.repeated || (repeats && sizeOf(result) > sizeOf(input)) });
    }
  }
  return { live, candidates };
}

interface StoreOptions {
  readonly workOf: (value: ValueId) => Work;
  /** How many bindings a value takes. */
  readonly windowsOf: (value: ValueId) => number;
  readonly stored: Set<ValueId>;
}

/** Stores operands that read the most, until an op does not read more than it may. */
function storeOperands({ inputs }: Op, { workOf, windowsOf, stored }: StoreOptions): void {
  const leaves = () => {
    const read = new Set(inputs.flatMap((input) => [...workOf(input).leaves]));
    return [...read].reduce((sum, value) => sum + windowsOf(value), 0);
  };
  const byLeaves = [...new Set(inputs)].sort((a, b) => workOf(b).leaves.size - workOf(a).leaves.size);
  for (const input of byLeaves) {
    if (leaves() <= LEAVES || workOf(input).leaves.size < 2) return;
    stored.add(input);
  }
}
