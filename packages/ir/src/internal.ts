/** What sister packages need beside the public entry; it may change in any version. */

export { sampleBlocks } from './composites/quantized-samples.js';
export { composites } from './composites.js';
export { decomposeAll } from './decompose.js';
export { fingerprint } from './fingerprint.js';
export { type Part, partsOf } from './functions/parts.js';
export { MIX_STEPS, mixWord } from './mix-word.js';
export { type SampledOp, sampledComposites, sampledPrimitives } from './op-samples.js';
export { elementwiseNames } from './primitives/elementwise-names.js';
export { type AttributesOf, type PrimitiveName, primitives } from './primitives.js';
export { aroundAxis, fill } from './reference.js';
export { samplesOf, uniform } from './samples.js';
export { transposed } from './transposed.js';
