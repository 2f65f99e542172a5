export type {
  Answer,
  Classification,
  ClassificationInput,
  FilledMask,
  ProblemType,
  Question,
  TextEntity,
} from '@attune/tasks';
export type { Architecture, ArchitectureModel, SizeRule } from './architecture.js';
export {
  type AnsweringTask,
  type AnswerOf,
  type InputOf,
  isAnsweringTask,
  type ModelOfTask,
  taskModelOf,
} from './assemble.js';
export { type CreateOptions, createModel } from './create.js';
export { type DecoderFamily, decoderFamily } from './decoders/parts/family.js';
export { llamaFields, llamaHeads, llamaNames, llamaPlan, rotaryOfLlama } from './decoders/parts/llama-like.js';
export type { DecoderNames, DecoderPlan, LayerPlan } from './decoders/parts/plan.js';
export { saveTokenTableModel, saveWordVectorModel } from './embedding-bag/word-vectors.js';
export {
  evaluateByGenerating,
  type GeneratedAnswer,
  type GenerationEvaluation,
  type GenerationEvaluationOptions,
} from './evaluate-by-generating.js';
export { type LabelRequest, MAX_CLAIMED_CLASSES, type ResolvedLabels, resolveLabels } from './labels.js';
export { type LoadOptions, loadModel } from './load.js';
export type { LoadedModel } from './loaded-model.js';
export {
  type CausalLanguageModelOptions,
  causalLanguageModel,
  type MaskedLanguageModelOptions,
  type MaskFiller,
  maskedLanguageModel,
  type QuestionAnswerer,
  type QuestionAnsweringOptions,
  questionAnswering,
  type SentenceEncoder,
  type SentenceSimilarityModelOptions,
  type SequenceClassificationOptions,
  type SequenceClassifier,
  sentenceSimilarity,
  sequenceClassification,
  type TextWriter,
  type TokenClassificationOptions,
  type TokenClassifier,
  tokenClassification,
} from './loaders.js';
export type { ModelOptions } from './model-of.js';
export type { Quantization } from './quantizations.js';
export { type SaveOptions, saveModel } from './save.js';
export { type SaveGgufOptions, saveGguf } from './save-gguf.js';
export {
  endTokensOf,
  promptTokens,
  streamText,
  streamTexts,
  type WritingRequest,
  type WrittenText,
} from './stream-text.js';
export { loadTaskModel, type TaskModel, type TaskModelOptions, type TaskOptions, taskModel } from './task-model.js';
export { createTfidfModel, type TfidfParts } from './tf-idf/create-tfidf.js';
export {
  createWordClassifier,
  type WordClassifierFamily,
  type WordClassifierOptions,
  type WordSource,
} from './word-classifier.js';
export { type Corpus, type CorpusOptions, readCorpus, type WordSplit, wordSplits } from './word-vectors/corpus.js';
export { type GloveOptions, trainGlove } from './word-vectors/glove.js';
export { analogousWords, type Neighbour, similarWords } from './word-vectors/neighbours.js';
export type { WordVectorEvent, WordVectorTraining } from './word-vectors/training.js';
export { trainWord2Vec, type Word2VecOptions } from './word-vectors/word2vec.js';
export { type Word2VecMethod, word2VecMethods } from './word-vectors/word2vec-program.js';
export { type CompletionOptions, writeCompletions } from './write-completions.js';
export { type WritingOptions, writingOptions } from './writing-options.js';
