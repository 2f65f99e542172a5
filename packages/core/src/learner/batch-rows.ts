/**
 * Which values of a program are made row by row of the batch: a structural analysis over primitives, conservative for
 * ops that it does not know.
 */
import {
  type Attributes,
  argmaxDefinition,
  broadcastDefinition,
  concatDefinition,
  cumsumDefinition,
  dotGeneralDefinition,
  gatherDefinition,
  type Op,
  type OpDefinition,
  type Program,
  padDefinition,
  reduceMaxDefinition,
  reduceMinDefinition,
  reduceSumDefinition,
  reshapeDefinition,
  reverseDefinition,
  sliceDefinition,
  sortDefinition,
  transposeDefinition,
} from '@attune/ir';
import { elementwiseNames } from '@attune/ir/internal';

/**
 * `rows`: the value's memory is one part per row of the batch, in order, and each part depends on its row alone.
 * `shared`: it does not depend on the batch; `uniform`: nor on the position along its first axis. `mixed`: all else.
 */
export type BatchRelation = 'rows' | 'shared' | 'uniform' | 'mixed';

interface Operand {
  readonly relation: BatchRelation;
  readonly shape: readonly number[];
}

interface Application {
  readonly operands: readonly Operand[];
  readonly shape: readonly number[];
  readonly batchSize: number;
}

/** The relation of each value, by id, of a program of primitives. `isRowInput` tells the batch fields by their names. */
export function batchRelations(
  program: Program,
  batchSize: number,
  isRowInput: (name: string) => boolean,
): readonly BatchRelation[] {
  const relations = new Array<BatchRelation>(program.types.length).fill('shared');
  for (const { name, value } of program.inputs) if (isRowInput(name)) relations[value] = 'rows';
  for (const op of program.ops) {
    const operands = op.inputs.map((id) => ({ relation: relations[id]!, shape: program.types[id]!.shape }));
    for (const id of op.outputs) {
      relations[id] = relationOf(op, { operands, shape: program.types[id]!.shape, batchSize });
    }
  }
  return relations;
}

function relationOf(op: Op, application: Application): BatchRelation {
  const relations = application.operands.map(({ relation }) => relation);
  if (relations.includes('mixed')) return 'mixed';
  if (relations.includes('rows')) return keepsRows(op, application) ? 'rows' : 'mixed';
  return isUniform(op, application) ? 'uniform' : 'shared';
}

function isUniform(op: Op, application: Application): boolean {
  const { operands, shape, batchSize } = application;
  const broadcast = attributesOf(op, broadcastDefinition);
  const repeats = broadcast && (!broadcast.dimensions.includes(0) || operands[0]!.shape[0] === 1);
  if (repeats && shape.length > 0 && shape[0]! % batchSize === 0) return true;
  return operands.length > 0 && operands.every(({ relation }) => relation === 'uniform') && keepsRows(op, application);
}

const isByRow = ({ relation }: Operand): boolean => relation === 'rows' || relation === 'uniform';

/** Whether an op on rows, and on nothing mixed, gives rows. */
function keepsRows(op: Op, { operands, shape, batchSize }: Application): boolean {
  if (elementwiseNames.has(op.definition.name)) return operands.every(isByRow);
  const [first, second] = operands;
  const reshape = attributesOf(op, reshapeDefinition);
  if (reshape) return shape.length > 0 && shape[0]! % batchSize === 0;
  const transpose = attributesOf(op, transposeDefinition);
  if (transpose) return transpose.permutation[0] === 0;
  const broadcast = attributesOf(op, broadcastDefinition);
  if (broadcast) return broadcast.dimensions[0] === 0 && first?.shape[0] === shape[0];
  const slice = attributesOf(op, sliceDefinition);
  if (slice) return slice.start[0] === 0 && slice.strides[0] === 1 && slice.limit[0] === first?.shape[0];
  const pad = attributesOf(op, padDefinition);
  if (pad) return pad.low[0] === 0 && pad.high[0] === 0 && pad.interior[0] === 0;
  const concat = attributesOf(op, concatDefinition);
  if (concat) return concat.axis !== 0 && operands.every(isByRow);
  const gather = attributesOf(op, gatherDefinition);
  if (gather) return gather.axis === 0 ? first?.relation !== 'rows' : second?.relation !== 'rows';
  const dot = attributesOf(op, dotGeneralDefinition);
  if (dot) {
    if (dot.lhsBatch[0] === 0 && dot.rhsBatch[0] === 0) return operands.every(isByRow);
    return second?.relation !== 'rows' && dot.lhsBatch.length === 0 && !dot.lhsContract.includes(0);
  }
  return keepsFirstAxis(op);
}

/** Ops that work along some axes and leave the others alone. */
function keepsFirstAxis(op: Op): boolean {
  for (const definition of [reduceSumDefinition, reduceMaxDefinition, reduceMinDefinition]) {
    const reduction = attributesOf(op, definition);
    if (reduction) return !reduction.axes.includes(0);
  }
  const reverse = attributesOf(op, reverseDefinition);
  if (reverse) return !reverse.axes.includes(0);
  const along =
    attributesOf(op, cumsumDefinition) ?? attributesOf(op, argmaxDefinition) ?? attributesOf(op, sortDefinition);
  return along !== undefined && along.axis !== 0;
}

/** The attributes of an op of that definition. */
export function attributesOf<A extends Attributes>(op: Op, definition: OpDefinition<string, A>): A | undefined {
  const typed: { readonly definition: OpDefinition; readonly attributes: Attributes } = op;
  return isOf(typed, definition) ? typed.attributes : undefined;
}

function isOf<A extends Attributes>(
  op: { readonly definition: OpDefinition; readonly attributes: Attributes },
  definition: OpDefinition<string, A>,
): op is { readonly definition: OpDefinition; readonly attributes: A } {
  return op.definition.name === definition.name;
}
