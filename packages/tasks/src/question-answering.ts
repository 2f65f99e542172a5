/** The span of a context that answers a question. Windows over long contexts are made as transformers' run_qa makes them. */
import {
  answerEvaluator,
  type ContextWindow,
  type ExampleSource,
  linear,
  questionAnsweringObjective as spanObjective,
  type TokenPlaces,
} from '@attune/core';
import { answerOfWindow, chooseAnswer, tokenPlaces } from '@attune/core/internal';
import {
  type AnswerPlace,
  type ByteSource,
  type EncodedDataset,
  type EncodingOptions,
  encodeExamples,
  isQuestions,
  type LabelField,
  type QuestionDataset,
  type QuestionExample,
  questionsJsonl,
  type RowDataset,
} from '@attune/data';
import type { Encoding, Tokenizer } from '@attune/hub';
import { AttuneError, isAttuneError, reshape, sliceAxis } from '@attune/ir';
import * as z from 'zod/mini';
import { requireText } from './asked.js';
import { encoderScope } from './encoder.js';
import { learnedExamples } from './learned-examples.js';
import {
  flagOption,
  isTrue,
  numberOption,
  optionalText,
  positiveInteger,
  type SettingsOf,
  textOption,
} from './options.js';
import { hiddenStates } from './outputs.js';
import type { TaskSettings } from './settings.js';
import type { TrainedTask } from './task.js';

export interface QuestionAnswererOptions {
  /** Tokens that windows over a long context share; a third of `maxLength` by default. */
  readonly docStride?: number | undefined;
  /** The longest answer in tokens; 30 by default. */
  readonly maxAnswerLength?: number | undefined;
  /** Whether no answer, the empty text, is an answer; false by default. */
  readonly handleImpossibleAnswer?: boolean | undefined;
}

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

const options = {
  questionColumn: textOption(optionalText, 'field of the questions; question by default'),
  contextColumn: textOption(optionalText, 'field of the contexts; context by default'),
  answersColumn: textOption(optionalText, 'field of the answers; answers by default'),
  docStride: numberOption(
    z.optional(z.int().check(z.nonnegative())),
    'tokens that windows over a long context share; a third of them by default',
  ),
  maxAnswerLength: numberOption(z.optional(positiveInteger), 'the longest answer in tokens; 30 by default', {
    uses: ['evaluate', 'predict'],
  }),
  handleImpossibleAnswer: flagOption(isTrue, 'no answer is an answer', { uses: ['predict'] }),
  question: textOption(optionalText, 'a question to answer from --context', { uses: ['predict'], asks: true }),
  context: textOption(optionalText, 'the text that holds the answer', { uses: ['predict'], asks: true }),
} as const;

type Settings = TaskSettings & SettingsOf<typeof options>;

/** `startLogits` and `endLogits` [batch, tokens]; answers with a span of the context. */
export const questionAnsweringTask: TrainedTask<Answer, Question, QuestionAnswererOptions, 'question-answering'> = {
  name: 'question-answering',
  defaultLength: 384,
  classSuffix: 'ForQuestionAnswering',
  peftTaskType: 'QUESTION_ANS',
  labelModules: [],
  hasProblemType: false,
  headOn: (encoder) =>
    encoder.sees === 'all'
      ? {
          prefixes: ['qa_outputs.'],
          modules: ['qa_outputs'],
          forward(scope, inputs, options) {
            const states = encoder.states(encoderScope(scope, encoder), inputs);
            const logits = linear(scope, 'qa_outputs', states.last, 2, { initializer: encoder.initializer });
            const side = (index: number) =>
              reshape(sliceAxis(logits, 2, index, index + 1), logits.type.shape.slice(0, 2));
            return { startLogits: side(0), endLogits: side(1), ...hiddenStates(states, options) };
          },
        }
      : undefined,
  use(
    { tokenizer, maxLength },
    { docStride: stride = Math.floor(maxLength / 3), maxAnswerLength = 30, handleImpossibleAnswer = false },
  ) {
    return {
      objective: spanObjective(),
      evaluator: () => answerEvaluator({ maxAnswerLength }),
      async check(examples) {
        await questionsOf(examples).skipped();
      },
      encode: async (examples, watch) =>
        encodeQuestionAnswering(questionsOf(examples), tokenizer, { ...watch, maxLength, stride }),
      text: {
        outputNames: ['startLogits', 'endLogits'],
        async encode(questions) {
          const encodings = await tokenizer.encode(
            questions.map(({ question, context }) => ({ text: question, textPair: context })),
            { truncation: 'only_second', maxLength, stride: stride },
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
    };
  },
  aliases: ['qa', 'squad', 'extractive-qa', 'question_ans'],
  options,
  files: {
    open: (file, settings: Settings) => openQuestions(file, settings, true),
    keyOf: ({ question, context }: QuestionExample) => `${question}\u0000${context}`,
  },
  asking: {
    command: 'predict',
    example: '--question "…" --context "…"',
    predict: {
      async inputs(settings: Settings) {
        const { question, context, data, piped } = settings;
        const file = piped ?? data;
        if (file !== undefined && question === undefined && context === undefined) {
          const questions = openQuestions(file, settings, false);
          const asked = (await questions.toArray()).map((input) => ({ input, row: input.row }));
          return { asked, skipped: await questions.skipped() };
        }
        if (file !== undefined || question === undefined || context === undefined) {
          const field = question === undefined ? 'question' : 'context';
          throw new AttuneError('E_CONFIG', 'predict needs either --question and --context or --data.', { field });
        }
        const input = { question: requireText(question, 'question'), context: requireText(context, 'context') };
        return { asked: [{ input }], skipped: [] };
      },
      show({ question }, answer) {
        const { text, start, end, score } = answer;
        const found = text === '' ? 'no answer' : `"${text}" [${start}, ${end})`;
        return {
          json: { question, answer: text, start, end, score },
          text: `${question}\n  ${found} ${score.toFixed(4)}`,
        };
      },
    },
  },
};

const questionsOf = (examples: ExampleSource): QuestionDataset =>
  learnedExamples(examples, isQuestions, {
    task: questionAnsweringTask.name,
    needed: 'questions with their contexts, such as those of questionsJsonl()',
  });

export interface QuestionEncodeOptions extends EncodingOptions {
  /** Tokens that a window shares with the one before. */
  readonly stride: number;
}

/**
 * Windows of at most `maxLength` tokens over question and context, with the first and last token of the answer; a window
 * without the whole answer has the first token for both, which stands for no answer.
 * @throws AttuneError `E_TOO_LONG`, `E_CONFIG` for a question that leaves no room for windows of that stride, naming the
 * row, and what the tokenizer throws
 */
export async function encodeQuestionAnswering(
  questions: RowDataset<QuestionExample>,
  tokenizer: Tokenizer,
  { stride, ...options }: QuestionEncodeOptions,
): Promise<EncodedDataset> {
  const { maxLength, signal } = options;
  const items = await questions.toArray();
  const numbers = new Map(items.map((item, number) => [item, number]));
  const encode = (chunk: readonly QuestionExample[]) =>
    tokenizer.encode(
      chunk.map(({ question, context }) => ({ text: question, textPair: context })),
      { truncation: 'only_second', maxLength, stride, ...(signal ? { signal } : {}) },
    );
  return encodeExamples(
    {
      name: questions.name,
      padTokenId: tokenizer.padTokenId,
      skippedRows: (await questions.skipped()).length,
      labelFields: ['startPositions', 'endPositions'].map(
        (name): LabelField => ({ name, dtype: 'i32', per: 'example', filler: maxLength }),
      ),
      items,
      async encode(chunk) {
        const encodings = await encode(chunk).catch((cause: unknown) => locate(cause, chunk, encode, questions.name));
        return encodings.flatMap((encoding, index) => {
          const example = chunk[index]!;
          const source = { ...example, question: numbers.get(example)! };
          return [encoding, ...encoding.overflowing].map((each) => windowExample(each, source));
        });
      },
    },
    options,
  );
}

function windowExample(
  encoding: Encoding,
  { question, context, answers, row }: Omit<QuestionExample, 'question'> & { readonly question: number },
) {
  const places = tokenPlaces(encoding, 1);
  const window: ContextWindow = { ...places, question, context, answers: answers.map(({ text }) => text) };
  const { ids, typeIds } = encoding;
  return { ids, typeIds, truncated: false, labels: positionsOf(places, answers[0]), row, window };
}

/** The first and last token of an answer; 0 where the window does not hold all of it. */
function positionsOf({ starts, ends }: TokenPlaces, answer: AnswerPlace | undefined) {
  const startPositions = answer ? starts.findLastIndex((start) => start >= 0 && start <= answer.start) : -1;
  const endPositions = answer ? ends.findIndex((end) => end >= answer.end) : -1;
  const isWhole = startPositions >= 0 && endPositions >= startPositions;
  return isWhole ? { startPositions, endPositions } : { startPositions: 0, endPositions: 0 };
}

/** Finds the question that cannot be encoded. @throws AttuneError `E_TOO_LONG` that names it, or the cause itself */
async function locate(
  cause: unknown,
  questions: readonly QuestionExample[],
  encode: (questions: readonly QuestionExample[]) => Promise<unknown>,
  file: string,
): Promise<never> {
  if (isAttuneError(cause) && ['E_TOO_LONG', 'E_CONFIG'].includes(cause.code)) {
    for (const question of questions) {
      const fault = await encode([question]).catch((error: unknown) => error);
      if (!isAttuneError(fault)) continue;
      throw new AttuneError('E_TOO_LONG', `${file}:${question.row} has too long a question: ${fault.message}`, {
        file,
        field: 'question',
        hint: 'Raise the maximum length, lower the stride, or shorten the question.',
        cause: fault,
      });
    }
  }
  throw cause;
}

/** @throws AttuneError `E_CONFIG` for a file that is not of JSON Lines */
function openQuestions(file: string | ByteSource, settings: Settings, labelled: boolean): QuestionDataset {
  const { questionColumn: question, contextColumn: context, answersColumn: answers = 'answers', onBadRow } = settings;
  if (typeof file === 'string' && !/\.(jsonl|ndjson)$/i.test(file)) {
    throw new AttuneError('E_CONFIG', `${file} is no file of JSON Lines, which question-answering needs.`, {
      file,
      hint: 'Write one object a line with question, context and answers, and end the name in .jsonl.',
    });
  }
  return questionsJsonl(
    file,
    {
      ...(question === undefined ? {} : { question }),
      ...(context === undefined ? {} : { context }),
      answers: labelled && answers,
    },
    { onBadRow },
  );
}
