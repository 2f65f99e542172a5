/** What sister packages need beside the public entry; it may change in any version. */
export { hasFourBits, type NormalFloatSource, openNormalFloats } from './bitsandbytes/normal-float-source.js';
export {
  doublyQuantized,
  fromNormalFloats,
  type NormalFloatBlocks,
  type NormalFloatParts,
  toNormalFloats,
} from './bitsandbytes/normal-floats.js';
export { canonicalJson } from './canonical-json.js';
export { readSpecialTokens, readTemplateFile } from './chat/read-template.js';
export { commitModel, isModelDraft, removeModelDrafts } from './commit-model.js';
export { inEnglish } from './english.js';
export { removeFileDrafts } from './file-drafts.js';
export { type GgufType, ggufFloats, ggufTypeNamed, ggufTypes } from './gguf/blocks.js';
export { type GgufDType, ggufDTypes, ggufLayout } from './gguf/encode-blocks.js';
export { ggufModelOf } from './gguf/metadata.js';
export { asInGguf, type GgufPlace, placeInGguf } from './gguf/names.js';
export { type GgufFile, openGguf } from './gguf/read.js';
export { tokenizerFields } from './gguf/tokenizer-fields.js';
export { transformersTensors } from './gguf/weights.js';
export { type FileMaker, GGUF_MARK, type GgufField, type GgufTensorToWrite, writeGguf } from './gguf/write.js';
export { hashTensors, type NamedTensor } from './hash-tensors.js';
export { jsonFault } from './json-faults.js';
export { requireNoLfsPointer } from './lfs-pointer.js';
export { isPickled, modelRecipe, unsafeFormat } from './pickled-files.js';
export { dequantizeRows, INT8_SCALE, quantizeRows, rowScales } from './safetensors/int8.js';
export { fromInt8Rows, toInt8Rows } from './safetensors/int8-parts.js';
export { hashFile, Sha256, sha256Of } from './sha256.js';
export { below } from './storage-below.js';
export { type TermAnalysis, termsOf } from './terms/analysis.js';
export { type AnalyzedTerms, saveTermTokenizer } from './terms/save-terms.js';
export { codePointOffsets } from './tokenization/encoding.js';
export { readTokenizerFiles } from './tokenization/tokenizer-files.js';
export { matchWeights, type WeightsPlan } from './weights.js';
