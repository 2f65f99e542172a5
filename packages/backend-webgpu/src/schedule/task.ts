/** What has to be computed: one task for every op whose results are stored. */
import {
  argmaxDefinition,
  dotGeneralDefinition,
  elementCount,
  type Op,
  reduceMaxDefinition,
  reduceMinDefinition,
  reduceSumDefinition,
  type ValueId,
} from '@attune/ir';
import { type Index, unflatten, variable } from '../expressions/index-expression.js';
import { type ProgramExpressions, ruleOf } from '../expressions/program-expressions.js';
import { type Scalar, walk } from '../expressions/scalar.js';
import { hostFormat } from '../wgsl/format.js';
import { isOp } from './op.js';
import { ProductShape } from './product-shape.js';
import { ReductionShape } from './reduction-shape.js';
import type { Tuning } from './tuning.js';

interface TaskBase {
  readonly op: Op;
  /** Stored values that it reads, and at which indices of the loop `element`. Parameters do not count. */
  readonly reads: ReadonlyMap<ValueId, readonly Index[]>;
}

export type Task = TaskBase &
  (
    | {
        readonly kind: 'map';
        readonly elements: number;
        /** Whether elements of the result have to share words, as they do outside of the program. */
        readonly packs: boolean;
      }
    | { readonly kind: 'reduction'; readonly shape: ReductionShape }
    | { readonly kind: 'product'; readonly shape: ProductShape }
    /** One with kernels of its own that fuses with nothing. */
    | { readonly kind: 'other' }
  );

/** The loop over all elements of a tensor, as tasks read by it. */
export const elementLoop = (elements: number): Index => variable('element', elements);

export function taskOf(op: Op, expressions: ProgramExpressions, tuning: Tuning): Task {
  const shape = expressions.shapeOf(op.outputs[0]!);
  if (ruleOf(op).kind !== 'kernel') {
    const elements = elementCount(shape);
    const result = expressions.express(op, unflatten(elementLoop(elements), shape));
    return {
      kind: 'map',
      op,
      elements,
      packs: packs(op.outputs[0]!, expressions, tuning),
      reads: readsOf([result], expressions),
    };
  }
  const readsBy = (loop: (elements: number, position: number) => Index) =>
    readsOf(
      op.inputs.map((input, position) => {
        const own = expressions.shapeOf(input);
        return expressions.element(input, unflatten(loop(elementCount(own), position), own));
      }),
      expressions,
    );
  const reads = readsBy(elementLoop);
  const axes = reducedAxes(op);
  const [lhs, rhs] = op.inputs.map((input) => expressions.shapeOf(input));
  if (axes) return { kind: 'reduction', op, shape: new ReductionShape(lhs!, axes), reads };
  if (!isOp(op, dotGeneralDefinition)) {
    const ownLoop = (elements: number, position: number) => variable(`element of ${position}`, elements);
    return { kind: 'other', op, reads: readsBy(ownLoop) };
  }
  return { kind: 'product', op, shape: new ProductShape(op.attributes, lhs!, rhs!), reads };
}

function packs(value: ValueId, { program: { outputs, types } }: ProgramExpressions, tuning: Tuning): boolean {
  return hostFormat(types[value]!.dtype, tuning).perWord > 1 && outputs.some((port) => port.value === value);
}

function reducedAxes(op: Op): readonly number[] | undefined {
  if (isOp(op, argmaxDefinition)) return [op.attributes.axis];
  for (const definition of [reduceSumDefinition, reduceMaxDefinition, reduceMinDefinition]) {
    if (isOp(op, definition)) return op.attributes.axes;
  }
  return undefined;
}

/** Whether a read takes a fixed element of a parameter. */
export function readsParameter(scalar: Scalar, expressions: ProgramExpressions): boolean {
  return scalar.kind === 'read' && scalar.index.terms.length === 0 && expressions.isParameter(scalar.value);
}

function readsOf(roots: readonly Scalar[], expressions: ProgramExpressions): ReadonlyMap<ValueId, readonly Index[]> {
  const reads = new Map<ValueId, Index[]>();
  for (const scalar of walk(roots)) {
    if (scalar.kind !== 'read' || readsParameter(scalar, expressions)) continue;
    const known = reads.get(scalar.value);
    if (known) known.push(scalar.index);
    else reads.set(scalar.value, [scalar.index]);
  }
  return reads;
}
