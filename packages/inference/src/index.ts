export { answersTo } from './answers.js';
export type { Chat, ChatOptions } from './chat.js';
export { EMBEDDING, type EmbeddingModel, type EmbeddingOptions, openEmbeddingModel } from './embedding-model.js';
export { Ensemble, type EnsembleEvaluation, openEnsemble } from './ensemble.js';
export { type MergeChange, mergeChange } from './merge-change.js';
export { MERGED_BASE } from './merged-base.js';
export {
  type EmbedOptions,
  type ModelReader,
  OpenModel,
  type OpenModelOptions,
  openModel,
  type TextSession,
  type WriteOptions,
} from './open-model.js';
export { savedChatTemplate } from './saved-chat-template.js';
export {
  openSavedModel,
  openTrainedModel,
  requireNoBase,
  requireTrained,
  type SavedModel,
  type SavedModelRequest,
  writeMerged,
} from './saved-model.js';
