export * from './adapter.js';
export { hasFourBits, type NormalFloatSource, openNormalFloats } from './bitsandbytes/normal-float-source.js';
export {
  doublyQuantized,
  fromNormalFloats,
  type NormalFloatBlocks,
  type NormalFloatParts,
  toNormalFloats,
} from './bitsandbytes/normal-floats.js';
export * from './canonical-json.js';
export * from './commit-model.js';
export { inEnglish } from './english.js';
export { removeFileDrafts } from './file-drafts.js';
export * from './hash-tensors.js';
export { jsonFault } from './json-faults.js';
export { readJson } from './json-file.js';
export { requireNoLfsPointer } from './lfs-pointer.js';
export * from './memory-storage.js';
export * from './model-directory.js';
export { opfsStorage } from './opfs/storage.js';
export { adapterRecipe, isPickled, modelRecipe, unsafeFormat } from './pickled-files.js';
export * from './safetensors/header.js';
export * from './safetensors/open-weights.js';
export * from './safetensors/read.js';
export { inMemory, type TensorToWrite } from './safetensors/stored-tensor.js';
export * from './safetensors/weights-dtype.js';
export * from './safetensors/write.js';
export * from './safetensors/write-weights.js';
export * from './sha256.js';
export * from './storage.js';
export { below } from './storage-below.js';
export * from './tokenizer.js';
export * from './weights.js';
export * from './word-vectors/load.js';
export * from './wordpiece/bert-tokenizer.js';
export { trainWordPiece, type WordPieceTrainingOptions } from './wordpiece/train.js';
