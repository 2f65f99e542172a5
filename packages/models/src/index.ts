export { requireAdapterBase } from './adapter-base.js';
export type { Architecture, ArchitectureModel, SizeRule } from './architecture.js';
export {
  type AnsweringTask,
  type AnswerOf,
  type InputOf,
  isAnsweringTask,
  type ModelOfTask,
  taskModelOf,
} from './assemble.js';
export { type AttuneFile, readAttuneFile, writeAttuneFile } from './attune-file.js';
export {
  type CausalLanguageModelOptions,
  causalLanguageModel,
  endTokensOf,
  streamText,
  type TextWriter,
  textWriterOf,
  type WrittenText,
} from './causal-language-model.js';
export * from './create.js';
export * from './embedding-bag/word-vectors.js';
export * from './entities.js';
export { modelTypes } from './families.js';
export {
  type LabelRequest,
  MAX_CLAIMED_CLASSES,
  type ProblemType,
  problemTypes,
  type ResolvedLabels,
  resolveLabels,
} from './labels.js';
export * from './load.js';
export type { LoadedModel } from './loaded-model.js';
export * from './masked-language-model.js';
export type { ModelOptions } from './model-of.js';
export * from './question-answering.js';
export * from './save.js';
export * from './sequence-classification.js';
export { type TaskModel, type TaskModelOptions, type TaskOptions, taskModel } from './task-model.js';
export * from './token-classification.js';
