export { type AdapterConfig, type AdapterFiles, adapterTensorName, openAdapterFiles, saveAdapter } from './adapter.js';
export { saveAdapterHub } from './adapter-hub.js';
export { BYTE_VOCABULARY_SIZE, saveByteTokenizer } from './byte-tokenizer.js';
export { ChatTemplate, type ChatTemplateOptions, loadChatTemplate, type RenderOptions } from './chat/chat-template.js';
export type { ChatContentPart, ChatMessage, ChatToolCall, Conversation } from './chat/messages.js';
export type { RenderedOrRefused, RenderedText } from './chat/worker/messages.js';
export { readJson } from './json-file.js';
export { MemoryStorage } from './memory-storage.js';
export {
  copyTokenizer,
  type DirectoryKind,
  directoryKind,
  type ModelConfig,
  ownCode,
  readModelConfig,
  writeJson,
} from './model-directory.js';
export { opfsStorage } from './opfs/storage.js';
export {
  headerLength,
  INT8_ROWS,
  parseHeader,
  type SafetensorsDType,
  type SafetensorsHeader,
  safetensorsBytes,
  type TensorEntry,
} from './safetensors/header.js';
export { openWeights } from './safetensors/open-weights.js';
export { openSafetensors, type StoredEntry, type TensorSource } from './safetensors/read.js';
export { inMemory, type TensorToWrite } from './safetensors/stored-tensor.js';
export { storedAs, type WeightsDType, weightsDTypes } from './safetensors/weights-dtype.js';
export { writeSafetensors, writeStored } from './safetensors/write.js';
export { type WriteWeightsOptions, writeWeights } from './safetensors/write-weights.js';
export {
  type ByteRange,
  containedPath,
  type FileWriter,
  label,
  missingFile,
  readText,
  requireNoPointer,
  requireSize,
  type Storage,
  type StorageEntry,
  writeFile,
} from './storage.js';
export { below } from './storage-below.js';
export type { EncodeInput, EncodeOptions } from './tokenization/encode-options.js';
export { Encoding, type Offsets } from './tokenization/encoding.js';
export type { ModelLimits } from './tokenization/model-limits.js';
export type { Side, TruncationStrategy } from './tokenization/truncation.js';
export { loadTokenizer, Tokenizer, type TokenizerOptions } from './tokenizer.js';
export {
  loadWordVectors,
  type WordVectorFormat,
  type WordVectorOptions,
  type WordVectors,
} from './word-vectors/load.js';
export { writeWordVectors } from './word-vectors/save.js';
export {
  bertNormalizer,
  bertPreTokenizer,
  bertSpecialTokens,
  bertTemplate,
  bertTokenizerDefinition,
  saveBertTokenizer,
  wordPieceDecoder,
} from './wordpiece/bert-tokenizer.js';
export { trainWordPiece, type WordPieceTrainingOptions } from './wordpiece/train.js';
export { type WordVocabularyOptions, wordVocabulary } from './wordpiece/word-vocabulary.js';
export type { OpenThread, WorkerThread } from './worker/thread.js';
