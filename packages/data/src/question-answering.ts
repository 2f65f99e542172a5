/** Question answering: questions become windows over their contexts, as transformers' run_qa makes them. */
import { type ContextWindow, type TokenPlaces, tokenPlaces } from '@attune/core';
import type { Encoding, Tokenizer } from '@attune/hub';
import { AttuneError, isAttuneError } from '@attune/ir';
import { type EncodedDataset, type EncodeOptions, encodeExamples } from './encode-examples.js';
import type { AnswerPlace, QuestionExample } from './questions.js';
import type { RowDataset } from './row-dataset.js';
import type { LabelField } from './tokenized.js';

export interface QuestionAnsweringOptions extends EncodeOptions {
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
  { stride, ...options }: QuestionAnsweringOptions,
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
