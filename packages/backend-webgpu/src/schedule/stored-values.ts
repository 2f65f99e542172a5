/**
 * Which values of a program get memory. The others are computed where they are read: always if they are only moved, once
 * more for every reader if that is cheaper than to write and read them.
 */
import {
  broadcastDefinition,
  dotGeneralDefinition,
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
  /** Ops that compute something from the value, through views. */
  readonly count: number;
  /** Whether elements are read more than once by one of them. */
  readonly repeated: boolean;
}

const unused: Use = { count: 0, repeated: false };

/** Values that one expression may read: a kernel has eight buffers for its operands and results. */
const LEAVES = 5;

/** Costs up to which elements are computed again, by the number of values that are read for it. */
const cheapCosts = [40, 4] as const;

/** Cost of fetching an element whose place is data. */
const GATHER_COST = 3;

/** @param stored is filled with the values of ops that are stored; `expressions` may ask it */
export function chooseStored(program: Program, expressions: ProgramExpressions, stored: Set<ValueId>): void {
  const uses = usesOf(program);
  const outputs = new Set(program.outputs.map(({ value }) => value));
  const works = new Map<ValueId, Work>();
  const workOf = (value: ValueId): Work =>
    (stored.has(value) ? undefined : works.get(value)) ?? {
      cost: 0,
      leaves: new Set(expressions.isParameter(value) ? [] : [value]),
    };
  for (const op of program.ops) {
    if (op.outputs.every((output) => !uses.has(output))) continue;
    const rule = ruleOf(op);
    storeOperands(op, workOf, stored);
    if (rule.kind === 'kernel') {
      for (const output of op.outputs) stored.add(output);
      continue;
    }
    const result = op.outputs[0]!;
    const operands = op.inputs.map(workOf);
    const own = rule.kind === 'view' ? (isOp(op, gatherDefinition) ? GATHER_COST : 0) : rule.cost;
    const work: Work = {
      cost: operands.reduce((sum, { cost }) => sum + cost, own),
      leaves: new Set(operands.flatMap(({ leaves }) => [...leaves])),
    };
    works.set(result, work);
    const { count, repeated } = uses.get(result) ?? unused;
    const isCheap = work.cost <= (cheapCosts[work.leaves.size] ?? 0);
    if (outputs.has(result) || ((count > 1 || repeated) && !isCheap)) stored.add(result);
  }
}

/** Stores operands that read the most, until an op does not read more than it may. */
function storeOperands({ inputs }: Op, workOf: (value: ValueId) => Work, stored: Set<ValueId>): void {
  const leaves = () => new Set(inputs.flatMap((input) => [...workOf(input).leaves])).size;
  const byLeaves = [...new Set(inputs)].sort((a, b) => workOf(b).leaves.size - workOf(a).leaves.size);
  for (const input of byLeaves) {
    if (leaves() <= LEAVES || workOf(input).leaves.size < 2) return;
    stored.add(input);
  }
}

/** How the values that reach an output are used. */
function usesOf({ ops, outputs, types }: Program): ReadonlyMap<ValueId, Use> {
  const uses = new Map<ValueId, Use>();
  const use = (value: ValueId, { count, repeated }: Use) => {
    const known = uses.get(value) ?? unused;
    uses.set(value, { count: known.count + count, repeated: known.repeated || repeated });
  };
  for (const { value } of outputs) use(value, { count: 1, repeated: false });
  const sizeOf = (value: ValueId) => elementCount(types[value]!.shape);
  for (const op of ops.toReversed()) {
    const own = op.outputs.map((output) => uses.get(output)).find((found) => found !== undefined);
    if (!own) continue;
    const { kind } = ruleOf(op);
    const result = op.outputs[0]!;
    for (const [position, input] of op.inputs.entries()) {
      if (kind === 'kernel') {
        use(input, { count: 1, repeated: isOp(op, dotGeneralDefinition) || isOp(op, sortDefinition) });
      } else if (kind === 'view') {
        const repeats = isOp(op, broadcastDefinition) || (isOp(op, gatherDefinition) && position === 1);
        use(input, { count: own.count, repeated: own.repeated || (repeats && sizeOf(result) > sizeOf(input)) });
      } else use(input, { count: 1, repeated: false });
    }
  }
  return uses;
}
