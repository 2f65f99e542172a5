export {
  type AggregationStrategy,
  type Answer,
  aggregationStrategies,
  type Classification,
  type ClassificationInput,
  type FilledMask,
  groupTokens,
  type ProblemType,
  problemTypes,
  type Question,
  type TextEntity,
} from '@attune/tasks';
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
export * from './create.js';
export * from './embedding-bag/word-vectors.js';
export { modelTypes } from './families.js';
export {
  type LabelRequest,
  MAX_CLAIMED_CLASSES,
  type ResolvedLabels,
  resolveLabels,
} from './labels.js';
export * from './load.js';
export type { LoadedModel } from './loaded-model.js';
export * from './loaders.js';
export type { ModelOptions } from './model-of.js';
export { type Quantization, quantizations } from './quantizations.js';
export * from './save.js';
export { endTokensOf, streamText, type WrittenText } from './stream-text.js';
export { loadTaskModel, type TaskModel, type TaskModelOptions, type TaskOptions, taskModel } from './task-model.js';
