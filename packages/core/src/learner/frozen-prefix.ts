/**
 * Splits a loss program where frozen parameters end: the prefix makes features that depend on the batch and on nothing
 * that changes in training, row by row; the suffix makes the loss from them. With the features of every example kept,
 * the prefix runs once per example instead of once per epoch, and the numbers stay the same.
 */
import { type Program, ProgramBuilder, type TensorType, type Value, type ValueId } from '@attune/ir';
import { decomposeAll } from '@attune/ir/internal';
import { opCost } from '../passes/op-cost.js';
import { featureName } from '../port-names.js';
import { batchRelations } from './batch-rows.js';

export interface SplitOptions {
  readonly batchSize: number;
  /** Whether an input is a batch field. */
  readonly isBatch: (name: string) => boolean;
  /** Whether an input may differ between two steps with the same batch: trainables, totals, the dropout key. */
  readonly changes: (name: string) => boolean;
}

interface Feature {
  readonly name: string;
  /** First axis: the rows of the batch, or a multiple of them. */
  readonly type: TensorType;
}

export interface FrozenPrefix {
  /** From batch fields and frozen parameters to the features. */
  readonly prefix: Program;
  /** The program's own outputs from the features, the other batch fields and what changes. */
  readonly suffix: Program;
  readonly features: readonly Feature[];
  /** How much of the program's operations the prefix does, 0 to 1. */
  readonly share: number;
}

/** Undefined where nothing frozen stands before the trainables, or where a feature is not made row by row. */
export function splitFrozenPrefix(program: Program, options: SplitOptions): FrozenPrefix | undefined {
  const frozen = frozenValues(program, options);
  const wanted = new Set(program.outputs.map(({ value }) => value));
  for (const { inputs, outputs } of program.ops)
    if (!outputs.every((id) => frozen.has(id))) inputs.forEach((id) => void wanted.add(id));
  const frontier = [...wanted].filter((id) => frozen.has(id)).sort((a, b) => a - b);
  if (frontier.length === 0) return undefined;
  const names = new Map(frontier.map((id, index) => [id, featureName(index)]));
  const prefix = part(program, `features of ${program.name}`, new Map([...names].map(([id, name]) => [name, id])));
  if (!madeByRow(prefix, options)) return undefined;
  const outputs = new Map(program.outputs.map(({ name, value }) => [name, value]));
  const costs = program.ops.map((op) => ({
    cost: opCost(op, program),
    isFrozen: op.outputs.every((id) => frozen.has(id)),
  }));
  const sum = (parts: typeof costs) => parts.reduce((total, { cost }) => total + cost, 0);
  return {
    prefix,
    suffix: part(program, `${program.name} from features`, outputs, names),
    features: frontier.map((id) => ({ name: names.get(id)!, type: program.types[id]! })),
    share: sum(costs.filter(({ isFrozen }) => isFrozen)) / Math.max(1, sum(costs)),
  };
}

/** Values that depend on the batch and on a frozen parameter, and on nothing that changes. */
function frozenValues(program: Program, { isBatch, changes }: SplitOptions): ReadonlySet<ValueId> {
  const fromBatch = new Set<ValueId>();
  const fromFrozen = new Set<ValueId>();
  const changing = new Set<ValueId>();
  for (const { name, value } of program.inputs) {
    if (changes(name)) changing.add(value);
    else if (isBatch(name)) fromBatch.add(value);
    else fromFrozen.add(value);
  }
  const frozen = new Set<ValueId>();
  for (const { inputs, outputs } of program.ops) {
    for (const set of [fromBatch, fromFrozen, changing]) {
      if (inputs.some((id) => set.has(id))) for (const id of outputs) set.add(id);
    }
    for (const id of outputs) if (fromBatch.has(id) && fromFrozen.has(id) && !changing.has(id)) frozen.add(id);
  }
  return frozen;
}

function madeByRow(prefix: Program, { batchSize, isBatch }: SplitOptions): boolean {
  const primitive = decomposeAll(prefix);
  const relations = batchRelations(primitive, batchSize, isBatch);
  return primitive.outputs.every(({ value }) => relations[value] === 'rows');
}

/** The part of a program that makes `outputs` from its inputs and from `given` values, which become inputs. */
function part(
  program: Program,
  name: string,
  outputs: ReadonlyMap<string, ValueId>,
  given: ReadonlyMap<ValueId, string> = new Map(),
): Program {
  const needed = new Set(outputs.values());
  const isNeeded = (id: ValueId) => needed.has(id) && !given.has(id);
  const ops = program.ops
    .toReversed()
    .filter((op) => {
      if (!op.outputs.some(isNeeded)) return false;
      for (const id of op.inputs) needed.add(id);
      return true;
    })
    .reverse();
  const builder = new ProgramBuilder(name);
  const values = new Map<ValueId, Value>();
  for (const port of program.inputs) {
    if (isNeeded(port.value)) values.set(port.value, builder.input(port.name, program.types[port.value]!));
  }
  for (const [id, feature] of given) if (needed.has(id)) values.set(id, builder.input(feature, program.types[id]!));
  for (const { value, tensor } of program.constants) if (needed.has(value)) values.set(value, builder.constant(tensor));
  for (const { definition, inputs, attributes, outputs: made } of ops) {
    const results = builder.apply(
      definition,
      inputs.map((id) => values.get(id)!),
      attributes,
    );
    for (const [index, id] of made.entries()) if (!given.has(id)) values.set(id, results[index]!);
  }
  return builder.finish(Object.fromEntries([...outputs].map(([port, id]) => [port, values.get(id)!])));
}
