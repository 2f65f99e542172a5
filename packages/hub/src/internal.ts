/** What sister packages need beside the public entry; it may change in any version. */
export { hasFourBits, type NormalFloatSource, openNormalFloats } from './bitsandbytes/normal-float-source.js';
export {
  doublyQuantized,
  fromNormalFloats,
  type NormalFloatParts,
  toNormalFloats,
} from './bitsandbytes/normal-floats.js';
export { canonicalJson } from './canonical-json.js';
export { readSpecialTokens } from './chat/read-template.js';
export { commitModel, isModelDraft, removeModelDrafts } from './commit-model.js';
export { inEnglish } from './english.js';
export { removeFileDrafts } from './file-drafts.js';
export { type GgufType, ggufFloats, ggufTypes } from './gguf/blocks.js';
export { type GgufFile, openGguf } from './gguf/read.js';
export { transformersTensors } from './gguf/weights.js';
export { hashTensors, type NamedTensor } from './hash-tensors.js';
export { jsonFault } from './json-faults.js';
export { requireNoLfsPointer } from './lfs-pointer.js';
export { isPickled, modelRecipe, unsafeFormat } from './pickled-files.js';
export { dequantizeRows, quantizeRows, rowScales } from './safetensors/int8.js';
export { hashFile, Sha256, sha256Of } from './sha256.js';
export { below } from './storage-below.js';
export { type TermAnalysis, termsOf } from './terms/analysis.js';
export { type AnalyzedTerms, saveTermTokenizer } from './terms/save-terms.js';
export { codePointOffsets } from './tokenization/encoding.js';
export { matchWeights, type WeightsPlan } from './weights.js';
