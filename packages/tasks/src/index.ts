export { type Asked, type Questions, requireText, textsAsked } from './asked.js';
export {
  causalLanguageModelingTask,
  encodeCausalLanguageModeling,
  type WriterOptions,
} from './causal-language-modeling.js';
export { type Encoder, encoderScope, type HiddenStates, type TextClassifier, type VocabularyHead } from './encoder.js';
export { type AggregationStrategy, aggregationStrategies, groupTokens, type TextEntity } from './entities.js';
export { featureExtractionTask } from './feature-extraction.js';
export { tasks } from './list.js';
export {
  encodeMaskedLanguageModeling,
  type FilledMask,
  type MaskFillerOptions,
  maskedLanguageModelingTask,
} from './masked-language-modeling.js';
export type { OptionUse, SettingsOf, TaskOption, TaskOptionTable } from './options.js';
export { PREDICTION_POSITIONS } from './prediction-positions.js';
export { type ProblemType, problemTypes } from './problem-type.js';
export {
  type Answer,
  encodeQuestionAnswering,
  type Question,
  type QuestionAnswererOptions,
  questionAnsweringTask,
} from './question-answering.js';
export { type SentenceSimilarityOptions, sentenceSimilarityTask } from './sentence-similarity.js';
export {
  copySentenceFiles,
  hasPooling,
  type Pooling,
  pooledBy,
  poolingOf,
  poolings,
  sentenceLength,
} from './sentence-transformers.js';
export {
  type Classification,
  type ClassificationInput,
  type SequenceClassifierOptions,
  sequenceClassificationTask,
} from './sequence-classification.js';
export { openPlainTexts, type TableSettings, type TaskSettings, tableOptions } from './settings.js';
export { percentage, type ShownAnswer } from './shown-answer.js';
export {
  type ClassifierVector,
  classifierVectors,
  type Head,
  type HeadOptions,
  type Task,
  type TaskSubject,
  type TaskUse,
  type TrainedTask,
} from './task.js';
export {
  encodeTokenClassification,
  type TokenClassifierOptions,
  tokenClassificationTask,
} from './token-classification.js';
