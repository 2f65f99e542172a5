/** The samples of every op by its name: apart from the ops, so that programs that train do not load them. */
import { afterSamples } from './composites/after.js';
import {
  attentionBiasGradientSamples,
  attentionGradientSamples,
  attentionSamples,
} from './composites/attention-samples.js';
import { crossEntropySamples } from './composites/cross-entropy.js';
import { dequantizeSamples } from './composites/dequantize.js';
import { dropoutSamples } from './composites/dropout.js';
import { embeddingSamples } from './composites/embedding.js';
import { geluSamples } from './composites/gelu.js';
import { layerNormSamples } from './composites/layer-norm.js';
import { linearCrossEntropySamples } from './composites/linear-cross-entropy.js';
import { linearCrossEntropyGradientSamples } from './composites/linear-cross-entropy-gradient.js';
import { logSoftmaxSamples } from './composites/log-softmax.js';
import { lstmSamples } from './composites/lstm.js';
import { lstmGradientSamples } from './composites/lstm-gradient.js';
import { quantizedMatmulSamples } from './composites/quantized-matmul.js';
import { rmsNormSamples } from './composites/rms-norm.js';
import { softmaxSamples } from './composites/softmax.js';
import { composites } from './composites.js';
import type { CompositeDefinition, OpDefinition, PrimitiveDefinition, Sample } from './definition.js';
import { argmaxSamples } from './primitives/argmax.js';
import { bitwiseSamples, shiftSamples } from './primitives/bitwise.js';
import { broadcastSamples } from './primitives/broadcast.js';
import { castSamples } from './primitives/cast.js';
import { compareSamples } from './primitives/compare.js';
import { concatSamples } from './primitives/concat.js';
import { cumsumSamples } from './primitives/cumsum.js';
import { divSamples } from './primitives/div.js';
import { dotGeneralSamples } from './primitives/dot-general.js';
import { dynamicSliceSamples } from './primitives/dynamic-slice.js';
import { dynamicUpdateSliceSamples } from './primitives/dynamic-update-slice.js';
import { binarySamples, unarySamples } from './primitives/elementwise.js';
import { floorSamples } from './primitives/floor.js';
import { gatherSamples } from './primitives/gather.js';
import { iotaSamples } from './primitives/iota.js';
import { logSamples } from './primitives/log.js';
import { notSamples } from './primitives/not.js';
import { padSamples } from './primitives/pad.js';
import { powSamples } from './primitives/pow.js';
import { randomBitsSamples } from './primitives/random-bits.js';
import { reduceMaxSamples } from './primitives/reduce-max.js';
import { reduceMinSamples } from './primitives/reduce-min.js';
import { reduceSumSamples } from './primitives/reduce-sum.js';
import { remSamples } from './primitives/rem.js';
import { reshapeSamples } from './primitives/reshape.js';
import { reverseSamples } from './primitives/reverse.js';
import { rsqrtSamples } from './primitives/rsqrt.js';
import { scatterAddSamples } from './primitives/scatter-add.js';
import { selectSamples } from './primitives/select.js';
import { sliceSamples } from './primitives/slice.js';
import { sortSamples } from './primitives/sort.js';
import { sqrtSamples } from './primitives/sqrt.js';
import { stopGradientSamples } from './primitives/stop-gradient.js';
import { transposeSamples } from './primitives/transpose.js';
import { primitives } from './primitives.js';
import type { Attributes } from './program.js';

type SamplesOf<Ops extends Readonly<Record<string, OpDefinition>>> = {
  readonly [Name in keyof Ops]: () => readonly Sample<Parameters<Ops[Name]['infer']>[1]>[];
};

const primitiveSamples: SamplesOf<typeof primitives> = {
  abs: unarySamples,
  add: binarySamples,
  and: bitwiseSamples,
  argmax: argmaxSamples,
  broadcast: broadcastSamples,
  cast: castSamples,
  compare: compareSamples,
  concat: concatSamples,
  cos: unarySamples,
  cumsum: cumsumSamples,
  div: divSamples,
  dot_general: dotGeneralSamples,
  dynamic_slice: dynamicSliceSamples,
  dynamic_update_slice: dynamicUpdateSliceSamples,
  erf: unarySamples,
  exp: unarySamples,
  floor: floorSamples,
  gather: gatherSamples,
  iota: iotaSamples,
  is_finite: unarySamples,
  log: logSamples,
  logistic: unarySamples,
  max: binarySamples,
  min: binarySamples,
  mul: binarySamples,
  neg: unarySamples,
  not: notSamples,
  or: bitwiseSamples,
  pad: padSamples,
  pow: powSamples,
  random_bits: randomBitsSamples,
  reduce_max: reduceMaxSamples,
  reduce_min: reduceMinSamples,
  reduce_sum: reduceSumSamples,
  rem: remSamples,
  reshape: reshapeSamples,
  reverse: reverseSamples,
  rsqrt: rsqrtSamples,
  scatter_add: scatterAddSamples,
  select: selectSamples,
  shift_left: shiftSamples,
  shift_right: shiftSamples,
  sign: unarySamples,
  sin: unarySamples,
  slice: sliceSamples,
  sort: sortSamples,
  sqrt: sqrtSamples,
  stop_gradient: stopGradientSamples,
  sub: binarySamples,
  tanh: unarySamples,
  transpose: transposeSamples,
  xor: bitwiseSamples,
};

const compositeSamples: SamplesOf<typeof composites> = {
  after: afterSamples,
  attention: attentionSamples,
  attention_bias_gradient: attentionBiasGradientSamples,
  attention_gradient: attentionGradientSamples,
  cross_entropy: crossEntropySamples,
  dequantize: dequantizeSamples,
  dropout: dropoutSamples,
  embedding: embeddingSamples,
  gelu: geluSamples,
  layer_norm: layerNormSamples,
  linear_cross_entropy: linearCrossEntropySamples,
  linear_cross_entropy_gradient: linearCrossEntropyGradientSamples,
  log_softmax: logSoftmaxSamples,
  lstm: lstmSamples,
  lstm_gradient: lstmGradientSamples,
  quantized_matmul: quantizedMatmulSamples,
  rms_norm: rmsNormSamples,
  softmax: softmaxSamples,
};

export interface SampledOp<Definition extends OpDefinition = OpDefinition> {
  readonly definition: Definition;
  readonly samples: readonly Sample<Attributes>[];
}

/** Every primitive with its samples. */
export const sampledPrimitives = (): readonly SampledOp<PrimitiveDefinition>[] =>
  Object.entries(primitiveSamples).map(([name, samples]) => ({
    definition: primitiveDefinitions[name]!,
    samples: samples(),
  }));

/** Every composite of this package with its samples. */
export const sampledComposites = (): readonly SampledOp<CompositeDefinition>[] =>
  Object.entries(compositeSamples).map(([name, samples]) => ({
    definition: compositeDefinitions[name]!,
    samples: samples(),
  }));

const primitiveDefinitions: Readonly<Record<string, PrimitiveDefinition>> = primitives;
const compositeDefinitions: Readonly<Record<string, CompositeDefinition>> = composites;
