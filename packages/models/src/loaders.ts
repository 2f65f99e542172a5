/** Model directories as models of a task, by the names of the tasks. */
import type { Storage } from '@attune/hub';
import {
  type Answer,
  type Classification,
  type ClassificationInput,
  causalLanguageModelingTask,
  type FilledMask,
  type MaskFillerOptions,
  maskedLanguageModelingTask,
  type Question,
  type QuestionAnswererOptions,
  questionAnsweringTask,
  type SentenceSimilarityOptions,
  type SequenceClassifierOptions,
  sentenceSimilarityTask,
  sequenceClassificationTask,
  type TextEntity,
  type TokenClassifierOptions,
  tokenClassificationTask,
  type WriterOptions,
} from '@attune/tasks';
import { loadTaskModel, type TaskModel, type TaskOptions } from './task-model.js';

type Directory = Storage | string;

export type SequenceClassificationOptions = TaskOptions<SequenceClassifierOptions>;
export type SequenceClassifier = TaskModel<Classification, ClassificationInput>;

/** A classifier of texts; a bare encoder gets a new head. @throws AttuneError as `loadTaskModel` */
export const sequenceClassification = (
  directory: Directory,
  options: SequenceClassificationOptions = {},
): Promise<SequenceClassifier> => loadTaskModel(directory, sequenceClassificationTask, options);

export type SentenceSimilarityModelOptions = TaskOptions<SentenceSimilarityOptions>;
/** It answers with the vector of a text, at unit length. */
export type SentenceEncoder = TaskModel<Float32Array>;

/** An encoder whose vectors lie close together if texts mean the same. @throws AttuneError as `loadTaskModel` */
export const sentenceSimilarity = (
  directory: Directory,
  options: SentenceSimilarityModelOptions = {},
): Promise<SentenceEncoder> => loadTaskModel(directory, sentenceSimilarityTask, options);

export type TokenClassificationOptions = TaskOptions<TokenClassifierOptions>;
/** It answers with the entities of a text in their order. */
export type TokenClassifier = TaskModel<readonly TextEntity[]>;

/** A tagger that finds entities; a bare encoder gets a new head. @throws AttuneError as `loadTaskModel` */
export const tokenClassification = (
  directory: Directory,
  options: TokenClassificationOptions = {},
): Promise<TokenClassifier> => loadTaskModel(directory, tokenClassificationTask, options);

export type QuestionAnsweringOptions = TaskOptions<QuestionAnswererOptions>;
export type QuestionAnswerer = TaskModel<Answer, Question>;

/** A reader that answers by spans of a context; a bare encoder gets a new head. @throws AttuneError as `loadTaskModel` */
export const questionAnswering = (
  directory: Directory,
  options: QuestionAnsweringOptions = {},
): Promise<QuestionAnswerer> => loadTaskModel(directory, questionAnsweringTask, options);

export type MaskedLanguageModelOptions = TaskOptions<MaskFillerOptions>;
/** It answers with the masks of a text in their order. */
export type MaskFiller = TaskModel<readonly FilledMask[]>;

/**
 * A model that fills masks; a bare encoder gets a new head.
 * @throws AttuneError as `loadTaskModel`, `E_TOKENIZER` also for a tokenizer without a mask token
 */
export const maskedLanguageModel = (
  directory: Directory,
  options: MaskedLanguageModelOptions = {},
): Promise<MaskFiller> => loadTaskModel(directory, maskedLanguageModelingTask, options);

export type CausalLanguageModelOptions = TaskOptions<WriterOptions>;
/** It is asked by `streamText`, not by `predict`. */
export type TextWriter = TaskModel<never, never>;

/** A model that writes texts. @throws AttuneError as `loadTaskModel` */
export const causalLanguageModel = (
  directory: Directory,
  options: CausalLanguageModelOptions = {},
): Promise<TextWriter> => loadTaskModel(directory, causalLanguageModelingTask, options);
