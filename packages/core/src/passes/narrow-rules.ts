/** For each op: which windows of its inputs make a window of its output. Ops without a rule are computed whole. */
import {
  type Attributes,
  attentionDefinition,
  type BroadcastAttributes,
  broadcastDefinition,
  type DotGeneralAttributes,
  type DropoutAttributes,
  dotGeneralDefinition,
  dropoutDefinition,
  dropoutMask,
  elementCount,
  freeAxes,
  geluDefinition,
  layerNormDefinition,
  logSoftmaxDefinition,
  maskedDropout,
  type Op,
  type OpDefinition,
  type ReductionAttributes,
  type ReshapeAttributes,
  reduceMaxDefinition,
  reduceMinDefinition,
  reduceSumDefinition,
  reshapeDefinition,
  rmsNormDefinition,
  type SliceAttributes,
  slice,
  sliceDefinition,
  softmaxDefinition,
  type TensorType,
  type TransposeAttributes,
  transposeDefinition,
} from '@attune/ir';
import { elementwiseNames, primitives } from '@attune/ir/internal';
import { axisGroups } from './axis-groups.js';
import { attentionRule } from './narrow-attention.js';
import type { Application, Narrowed, NarrowRule } from './narrow-rule.js';
import { isWhole, isWholeAxis, type Range, shapeOf, type Window, wholeOf } from './window.js';

/** Undefined where the op is to be computed whole. */
export function narrowRuleOf(
  { definition, attributes, inputs, outputs }: Op,
  types: readonly TensorType[],
  window: Window,
): Narrowed | undefined {
  if (definition.name !== sliceDefinition.name && isWhole(window, types[outputs[0]!]!)) return undefined;
  const application = { definition, attributes, inputs: inputs.map((id) => types[id]!), window };
  return rules.get(definition.name)?.(application);
}

const whole: Range = { start: 0, limit: 1 };

const elementwise: NarrowRule<Attributes> = ({ definition, attributes, inputs, window }) => ({
  inputs: inputs.map(() => window),
  build: (builder, operands) => builder.apply(definition, operands, attributes),
});

/** Elementwise but for some axes, which are needed whole: along these, what is not asked for is cut off afterwards. */
function exceptAlong<A extends Attributes>(axesOf: (application: Application<A>) => readonly number[]): NarrowRule<A> {
  return (application) => {
    const { definition, attributes, inputs, window } = application;
    const axes = axesOf(application);
    const [{ shape }] = [inputs[0]!];
    if (axes.some((axis) => !isWholeAxis(window[axis]!, shape[axis]!))) return undefined;
    return {
      inputs: [window, ...inputs.slice(1).map(wholeOf)],
      build: (builder, operands) => builder.apply(definition, operands, attributes).slice(0, 1),
    };
  };
}

const exceptAlongLast = exceptAlong<Attributes>(({ inputs }) => [inputs[0]!.shape.length - 1]);

/** A broadcast of the window: axes that repeat need what is repeated, the others what is asked for. */
const broadcastRule: NarrowRule<BroadcastAttributes> = ({
  definition,
  attributes: { dimensions },
  inputs,
  window,
}) => ({
  inputs: [inputs[0]!.shape.map((size, axis) => (size === 1 ? whole : window[dimensions[axis]!]!))],
  build: (builder, operands) => builder.apply(definition, operands, { shape: shapeOf(window), dimensions }),
});

/** A window of one axis is one of the axes that it becomes, if it covers whole rows of them. */
const reshapeRule: NarrowRule<ReshapeAttributes> = ({ definition, attributes: { shape }, inputs, window }) => {
  const source = inputs[0]!.shape;
  if (elementCount(source) === 0) return undefined;
  const needed: Range[] = source.map((size) => ({ start: 0, limit: size }));
  for (const { from, to } of axisGroups(source, shape)) {
    const [outer, ...inner] = to;
    if (inner.some((axis) => !isWholeAxis(window[axis]!, shape[axis]!))) return undefined;
    const rows = elementCount(inner.map((axis) => shape[axis]!));
    const sourceRows = elementCount(from.slice(1).map((axis) => source[axis]!));
    const [start, limit] = [window[outer!]!.start * rows, window[outer!]!.limit * rows];
    if (start % sourceRows !== 0 || limit % sourceRows !== 0) return undefined;
    needed[from[0]!] = { start: start / sourceRows, limit: limit / sourceRows };
  }
  return {
    inputs: [needed],
    build: (builder, operands) => builder.apply(definition, operands, { shape: shapeOf(window) }),
  };
};

const transposeRule: NarrowRule<TransposeAttributes> = ({ definition, attributes, inputs, window }) => ({
  inputs: [inputs[0]!.shape.map((_, axis) => window[attributes.permutation.indexOf(axis)]!)],
  build: (builder, operands) => builder.apply(definition, operands, attributes),
});

const sliceRule: NarrowRule<SliceAttributes> = ({ attributes: { start, strides }, window }) => {
  const needed = window.map((range, axis) => ({
    start: start[axis]! + range.start * strides[axis]!,
    limit: start[axis]! + (range.limit - 1) * strides[axis]! + 1,
  }));
  return {
    inputs: [needed],
    build: (_, [operand]) => [
      slice(
        operand!,
        window.map(() => 0),
        shapeOf(needed),
        strides,
      ),
    ],
  };
};

const reductionRule: NarrowRule<ReductionAttributes> = ({ definition, attributes, inputs, window }) => {
  const kept = window.values();
  return {
    inputs: [
      inputs[0]!.shape.map((size, axis) =>
        attributes.axes.includes(axis) ? { start: 0, limit: size } : kept.next().value!,
      ),
    ],
    build: (builder, operands) => builder.apply(definition, operands, attributes),
  };
};

const productRule: NarrowRule<DotGeneralAttributes> = ({ definition, attributes, inputs, window }) => {
  const { lhsBatch, rhsBatch, lhsContract, rhsContract } = attributes;
  const [left, right] = [inputs[0]!.shape, inputs[1]!.shape];
  const leftFree = freeAxes(left.length, lhsBatch, lhsContract);
  const rightFree = freeAxes(right.length, rhsBatch, rhsContract);
  const needed = (shape: readonly number[], batch: readonly number[], free: readonly number[], firstFree: number) =>
    shape.map((size, axis): Range => {
      if (batch.includes(axis)) return window[batch.indexOf(axis)]!;
      return free.includes(axis) ? window[firstFree + free.indexOf(axis)]! : { start: 0, limit: size };
    });
  return {
    inputs: [
      needed(left, lhsBatch, leftFree, lhsBatch.length),
      needed(right, rhsBatch, rightFree, lhsBatch.length + leftFree.length),
    ],
    build: (builder, operands) => builder.apply(definition, operands, attributes),
  };
};

/** The mask is made whole, so that its bits are those of the whole op, and cut. */
const dropoutRule: NarrowRule<DropoutAttributes> = ({ attributes, inputs, window }) => ({
  inputs: [window, wholeOf(inputs[1]!)],
  build(_, [x, key]) {
    const mask = dropoutMask(key!, inputs[0]!.shape, attributes);
    const [start, limit] = [window.map((range) => range.start), window.map((range) => range.limit)];
    return [maskedDropout(x!, slice(mask, start, limit), attributes.rate)];
  },
});

const elementwiseDefinitions: readonly OpDefinition[] = [
  ...Object.values(primitives).filter(({ name }) => elementwiseNames.has(name)),
  geluDefinition,
];

interface NarrowRuleMethod<A extends Attributes> {
  rule(application: Application<A>): Narrowed | undefined;
}

/** A rule under its op's name; as a method's type, so that rules of several attributes fit into one table. */
const ruleFor = <A extends Attributes>(
  { name }: OpDefinition<string, A>,
  rule: NarrowRuleMethod<A>['rule'],
): readonly [string, NarrowRuleMethod<Attributes>['rule']] => [name, rule];

const rules: ReadonlyMap<string, NarrowRuleMethod<Attributes>['rule']> = new Map([
  ...elementwiseDefinitions.map((definition) => ruleFor(definition, elementwise)),
  ruleFor(broadcastDefinition, broadcastRule),
  ruleFor(reshapeDefinition, reshapeRule),
  ruleFor(transposeDefinition, transposeRule),
  ruleFor(sliceDefinition, sliceRule),
  ruleFor(reduceSumDefinition, reductionRule),
  ruleFor(reduceMaxDefinition, reductionRule),
  ruleFor(reduceMinDefinition, reductionRule),
  ruleFor(dotGeneralDefinition, productRule),
  ruleFor(
    softmaxDefinition,
    exceptAlong(({ attributes: { axis } }) => [axis]),
  ),
  ruleFor(
    logSoftmaxDefinition,
    exceptAlong(({ attributes: { axis } }) => [axis]),
  ),
  ...[layerNormDefinition, rmsNormDefinition].map((definition) => ruleFor(definition, exceptAlongLast)),
  ruleFor(dropoutDefinition, dropoutRule),
  ruleFor(attentionDefinition, attentionRule),
]);
