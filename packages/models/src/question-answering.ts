/** A reader that answers questions by spans of a context, ready for the Trainer. */
import {
  answerEvaluator,
  answerOfWindow,
  chooseAnswer,
  questionAnswering as spanObjective,
  tokenPlaces,
} from '@attune/core';
import type { Storage } from '@attune/hub';
import { openModelDirectory } from '@attune/hub/directory';
import { questionAnsweringTask } from '@attune/tasks';
import { loadModel } from './load.js';
import type { LoadedModel } from './loaded-model.js';
import { type TaskModel, type TaskModelOptions, type TaskOptions, taskModel } from './task-model.js';

export interface QuestionAnswererOptions extends TaskModelOptions {
  /** Tokens that windows over a long context share; a third of `maxLength` by default. */
  readonly stride?: number | undefined;
  /** The longest answer in tokens; 30 by default. */
  readonly maxAnswerLength?: number | undefined;
  /** Whether no answer, the empty text, is an answer; false by default. */
  readonly handleImpossibleAnswer?: boolean | undefined;
}

export type QuestionAnsweringOptions = TaskOptions<QuestionAnswererOptions>;

export interface Question {
  readonly question: string;
  readonly context: string;
}

export interface Answer {
  /** Empty for no answer. */
  readonly text: string;
  /** In UTF-16 units of the context, as `String.slice` takes them. */
  readonly start: number;
  readonly end: number;
  /** The probability of the first token times that of the last. */
  readonly score: number;
}

export interface QuestionAnswerer extends TaskModel<Answer, Question> {
  /** Tokens that windows over a long context share. */
  readonly stride: number;
}

/**
 * Loads a model directory as a reader; a bare encoder gets a new head.
 * @param directory a path (in Node) or a Storage, with the tokenizer's files
 * @throws AttuneError as `loadModel`; `E_TOO_LONG` for a `maxLength` beyond the model's positions, `E_TOKENIZER`
 */
export async function questionAnswering(
  directory: Storage | string,
  options: QuestionAnsweringOptions = {},
): Promise<QuestionAnswerer> {
  const loaded = await loadModel(openModelDirectory(directory), { ...options, task: questionAnsweringTask });
  return questionAnswererOf(loaded, options);
}

/** A model that was loaded for question answering, as a reader. @throws AttuneError as `taskModel` */
export async function questionAnswererOf(
  loaded: LoadedModel,
  { stride: wanted, maxAnswerLength = 30, handleImpossibleAnswer = false, ...options }: QuestionAnswererOptions = {},
): Promise<QuestionAnswerer> {
  const strideOf = (maxLength: number) => wanted ?? Math.floor(maxLength / 3);
  const reader = await taskModel<Answer, Question>(loaded, questionAnsweringTask, options, (tokenizer, maxLength) => ({
    objective: spanObjective(),
    evaluator: () => answerEvaluator({ maxAnswerLength }),
    text: {
      outputNames: ['startLogits', 'endLogits'],
      async encode(questions) {
        const encodings = await tokenizer.encode(
          questions.map(({ question, context }) => ({ text: question, textPair: context })),
          { truncation: 'only_second', maxLength, stride: strideOf(maxLength) },
        );
        return encodings.map((encoding, index) => {
          const windows = [encoding, ...encoding.overflowing];
          return {
            rows: windows.map(({ ids, typeIds }) => ({ ids, typeIds })),
            answer(outputs) {
              const found = windows.map((window, number) => {
                const { startLogits, endLogits } = outputs[number]!;
                return answerOfWindow(tokenPlaces(window, 1), startLogits!, endLogits!, { maxAnswerLength });
              });
              const { start, end, score } = chooseAnswer(found, handleImpossibleAnswer);
              return { text: questions[index]!.context.slice(start, end), start, end, score };
            },
          };
        });
      },
    },
    file: { task: questionAnsweringTask.name },
  }));
  return { ...reader, stride: strideOf(reader.maxLength) };
}
