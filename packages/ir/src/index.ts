export type {
  Backend,
  Buffer,
  Capabilities,
  CompileOptions,
  CompileReport,
  Device,
  DeviceInfo,
  DeviceLostInfo,
  Executable,
  MemoryStats,
  OpenOptions,
  Signature,
  UploadOptions,
} from './backend.js';
export { inline, inlineAll, ProgramBuilder, type Value } from './builder.js';
export { after, afterDefinition, afterSamples } from './composites/after.js';
export { attentionDefinition } from './composites/attention.js';
export { attentionBiasGradientDefinition } from './composites/attention-bias-gradient.js';
export { attentionGradientDefinition, gradientOperands } from './composites/attention-gradient.js';
export {
  type AttentionAttributes,
  type AttentionOperands,
  attentionOperands,
  MASKED_SCORE,
} from './composites/attention-parts.js';
export { attentionSamples } from './composites/attention-samples.js';
export {
  type CrossEntropyAttributes,
  crossEntropyDefinition,
  crossEntropyRows,
  crossEntropySamples,
} from './composites/cross-entropy.js';
export { dequantize, dequantizeDefinition, dequantizeSamples } from './composites/dequantize.js';
export {
  type DropoutAttributes,
  dropout,
  dropoutDefinition,
  dropoutMask,
  dropoutSamples,
  maskedDropout,
} from './composites/dropout.js';
export { type EmbeddingAttributes, embedding, embeddingDefinition, embeddingSamples } from './composites/embedding.js';
export { gelu, geluDefinition, geluSamples } from './composites/gelu.js';
export {
  type LayerNormAttributes,
  type LayerNormOptions,
  layerNorm,
  layerNormDefinition,
  layerNormSamples,
} from './composites/layer-norm.js';
export { linearCrossEntropyDefinition, linearCrossEntropySamples } from './composites/linear-cross-entropy.js';
export {
  linearCrossEntropyGradientDefinition,
  linearCrossEntropyGradientSamples,
} from './composites/linear-cross-entropy-gradient.js';
export { logSoftmax, logSoftmaxDefinition, logSoftmaxSamples } from './composites/log-softmax.js';
export { lstmDefinition, lstmSamples } from './composites/lstm.js';
export {
  type LstmGradientAttributes,
  type LstmResult,
  lstmGradientDefinition,
  lstmGradientSamples,
  lstmResults,
} from './composites/lstm-gradient.js';
export {
  quantizedMatmul,
  quantizedMatmulDefinition,
  quantizedMatmulSamples,
} from './composites/quantized-matmul.js';
export {
  type GgufFormat,
  ggufBlocks,
  NF4_LEVELS,
  type QuantizedMatmulAttributes,
  type QuantizedMatrix,
} from './composites/quantized-matrix.js';
export { type RmsNormAttributes, rmsNorm, rmsNormDefinition, rmsNormSamples } from './composites/rms-norm.js';
export { keepAxis, type SoftmaxAttributes, softmax, softmaxDefinition, softmaxSamples } from './composites/softmax.js';
export {
  type CompositeDefinition,
  defineComposite,
  definePrimitive,
  type OpDefinition,
  type PrimitiveDefinition,
  type ReferenceTensor,
  type Sample,
  type VjpContext,
} from './definition.js';
export { AttuneError, type AttuneErrorDetails, type ErrorCode, errorCodes, isAttuneError } from './errors.js';
export { clamp, geluTanh, relu, silu, softCapped } from './functions/activations.js';
export { type AttentionOptions, scaledDotProductAttention } from './functions/attention.js';
export { type Conv1dOptions, conv1d } from './functions/convolution.js';
export { dynamicMap, type QuantizedScales, quantizedScales } from './functions/double-quantization.js';
export { type GruOptions, type GruOutput, type GruWeights, gru } from './functions/gru.js';
export { oneHot, scatterAddElements, takeAlongAxis, takeElements, topK, triangle } from './functions/indexing.js';
export {
  binaryCrossEntropyWithLogits,
  type CrossEntropyOptions,
  crossEntropy,
  huber,
  klDivergence,
  logSigmoid,
  type Reduction,
  reduceLoss,
  softplus,
  squaredError,
} from './functions/losses.js';
export { type LstmOptions, type LstmOutput, type LstmState, type LstmWeights, lstm } from './functions/lstm.js';
export { type AffineNorm, batchNormInference, groupNorm } from './functions/normalization.js';
export {
  alibiBias,
  alibiSlopes,
  type RotaryOptions,
  rotaryAngles,
  rotaryEmbedding,
  rotaryFrequencies,
} from './functions/positions.js';
export { einsum, type MatmulOptions, matmul, project } from './functions/products.js';
export {
  type Recur,
  type Recurred,
  type Recurrence,
  type RowsOf,
  recurrentNames,
  unrolled,
} from './functions/recurrence.js';
export {
  logSumExp,
  maximumOver,
  mean,
  minimumOver,
  type ReduceOptions,
  sum,
  variance,
} from './functions/reductions.js';
export { expand, expandDimension, flip, permute, split, stack, swapAxes } from './functions/shapes.js';
export { fromHalfBits, toHalfBits } from './half.js';
export { interpret, interpretReference, run, toHost, toReference } from './interpreter.js';
export { abs, absDefinition } from './primitives/abs.js';
export { add, addDefinition } from './primitives/add.js';
export { and, andDefinition } from './primitives/and.js';
export { type ArgmaxAttributes, argmax, argmaxDefinition, argmaxSamples } from './primitives/argmax.js';
export {
  type BroadcastAttributes,
  broadcast,
  broadcastDefinition,
  broadcastSamples,
  broadcastTo,
} from './primitives/broadcast.js';
export { type CastAttributes, cast, castDefinition, castSamples } from './primitives/cast.js';
export {
  type CompareAttributes,
  compareDefinition,
  compareSamples,
  type Direction,
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  notEqual,
} from './primitives/compare.js';
export { type ConcatAttributes, concat, concatDefinition, concatSamples } from './primitives/concat.js';
export { cos, cosDefinition } from './primitives/cos.js';
export { type CumsumAttributes, cumsum, cumsumDefinition, cumsumSamples } from './primitives/cumsum.js';
export { div, divDefinition, divSamples } from './primitives/div.js';
export {
  type DotGeneralAttributes,
  dotGeneral,
  dotGeneralDefinition,
  dotGeneralSamples,
  freeAxes,
} from './primitives/dot-general.js';
export {
  type DynamicSliceAttributes,
  dynamicSlice,
  dynamicSliceAxis,
  dynamicSliceDefinition,
  dynamicSliceSamples,
} from './primitives/dynamic-slice.js';
export {
  dynamicUpdateSlice,
  dynamicUpdateSliceAxis,
  dynamicUpdateSliceDefinition,
  dynamicUpdateSliceSamples,
} from './primitives/dynamic-update-slice.js';
export { erf, erfDefinition } from './primitives/erf.js';
export { exp, expDefinition } from './primitives/exp.js';
export { floor, floorDefinition, floorSamples } from './primitives/floor.js';
export { checkIndex, type GatherAttributes, gather, gatherDefinition, gatherSamples } from './primitives/gather.js';
export { type IotaAttributes, iota, iotaDefinition, iotaSamples } from './primitives/iota.js';
export { isFiniteDefinition, isFiniteNumber } from './primitives/is-finite.js';
export { log, logDefinition, logSamples } from './primitives/log.js';
export { logistic, logisticDefinition } from './primitives/logistic.js';
export { maxDefinition, maximum } from './primitives/max.js';
export { minDefinition, minimum } from './primitives/min.js';
export { mul, mulDefinition } from './primitives/mul.js';
export { neg, negDefinition } from './primitives/neg.js';
export { not, notDefinition, notSamples } from './primitives/not.js';
export { or, orDefinition } from './primitives/or.js';
export { type PadAttributes, pad, padDefinition, padSamples } from './primitives/pad.js';
export { pow, powDefinition, powSamples } from './primitives/pow.js';
export {
  type RandomBitsAttributes,
  randomBits,
  randomBitsDefinition,
  randomBitsSamples,
} from './primitives/random-bits.js';
export { reduceMax, reduceMaxDefinition, reduceMaxSamples } from './primitives/reduce-max.js';
export { reduceMin, reduceMinDefinition, reduceMinSamples } from './primitives/reduce-min.js';
export { reduceSum, reduceSumDefinition, reduceSumSamples } from './primitives/reduce-sum.js';
export type { ReductionAttributes } from './primitives/reduction.js';
export { remainder, remDefinition, remSamples } from './primitives/rem.js';
export { type ReshapeAttributes, reshape, reshapeDefinition, reshapeSamples } from './primitives/reshape.js';
export { type ReverseAttributes, reverse, reverseDefinition, reverseSamples } from './primitives/reverse.js';
export { rsqrt, rsqrtDefinition, rsqrtSamples } from './primitives/rsqrt.js';
export {
  type ScatterAddAttributes,
  scatterAdd,
  scatterAddDefinition,
  scatterAddSamples,
} from './primitives/scatter-add.js';
export { select, selectDefinition, selectSamples } from './primitives/select.js';
export { shiftLeft, shiftLeftDefinition } from './primitives/shift-left.js';
export { shiftRight, shiftRightDefinition } from './primitives/shift-right.js';
export { sign, signDefinition } from './primitives/sign.js';
export { sin, sinDefinition } from './primitives/sin.js';
export { type SliceAttributes, slice, sliceAxis, sliceDefinition, sliceSamples } from './primitives/slice.js';
export { type SortAttributes, sort, sortDefinition, sortSamples } from './primitives/sort.js';
export { sqrt, sqrtDefinition, sqrtSamples } from './primitives/sqrt.js';
export { stopGradient, stopGradientDefinition, stopGradientSamples } from './primitives/stop-gradient.js';
export { sub, subDefinition } from './primitives/sub.js';
export { tanh, tanhDefinition } from './primitives/tanh.js';
export { type TransposeAttributes, transpose, transposeDefinition, transposeSamples } from './primitives/transpose.js';
export { xor, xorDefinition } from './primitives/xor.js';
export { print } from './print.js';
export type { Alias, Attributes, Constant, Op, Port, Program, ValueId } from './program.js';
export { referenceBackend } from './reference-backend.js';
export { deserialize, serialize } from './serialize.js';
export {
  broadcastShapes,
  expectAxes,
  expectDType,
  expectFloat,
  expectInputs,
  expectSameTypes,
  normalizeAxis,
  shapeError,
} from './shape.js';
export {
  byteLength,
  bytesPerElement,
  type DType,
  elementCount,
  formatType,
  type HostData,
  type HostTensor,
  hostArrayOf,
  hostTensor,
  isFloat,
  sameShape,
  sameType,
  stridesOf,
  type TensorType,
  tensorType,
  zeros,
} from './tensor.js';
export { THREEFRY_PARITY, THREEFRY_ROTATIONS, THREEFRY_ROUNDS, threefry } from './threefry.js';
export { verify } from './verify.js';
