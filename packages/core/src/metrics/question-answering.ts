import { AttuneError } from '@attune/ir';
import { expectPairs } from './confusion.js';

export interface AnswerReport {
  /** The share of predictions that equal an answer after normalisation. */
  readonly exactMatch: number;
  /** The mean over predictions of the best token F1 against its answers. */
  readonly f1: number;
}

/**
 * SQuAD's scores (its evaluate-v1.1/2.0 scripts), as shares. An example without an answer has the one answer `''`.
 * @param answers the accepted answers of each example, at least one
 * @param predictions the predicted texts
 * @throws AttuneError `E_DATA` for lists that do not pair up, and for an example without answers
 */
export function answerReport(answers: readonly (readonly string[])[], predictions: readonly string[]): AnswerReport {
  expectPairs(answers, predictions);
  const unanswered = answers.findIndex((accepted) => accepted.length === 0);
  if (unanswered >= 0) {
    throw new AttuneError('E_DATA', `Example ${unanswered} has no answers.`, {
      field: 'answers',
      hint: "Give [''] for a question that has no answer.",
    });
  }
  const best = (score: (answer: string, prediction: string) => number) =>
    answers.reduce((sum, accepted, index) => {
      return sum + Math.max(...accepted.map((answer) => score(answer, predictions[index]!)));
    }, 0) / answers.length;
  return {
    exactMatch: best((answer, prediction) => Number(normalizeAnswer(answer) === normalizeAnswer(prediction))),
    f1: best(tokenF1),
  };
}

/** Lower case, without ASCII punctuation and the articles a, an, the; single spaces. */
export function normalizeAnswer(text: string): string {
  return text
    .toLowerCase()
    .replace(/[!-/:-@[-`{-~]/g, '')
    .replace(/(?<![\p{L}\p{N}_])(a|an|the)(?![\p{L}\p{N}_])/gu, ' ')
    .split(/\s+/)
    .filter((word) => word !== '')
    .join(' ');
}

function tokenF1(answer: string, prediction: string): number {
  const words = (text: string) =>
    normalizeAnswer(text)
      .split(' ')
      .filter((word) => word !== '');
  const [truth, guess] = [words(answer), words(prediction)];
  if (truth.length === 0 || guess.length === 0) return Number(truth.length === guess.length);
  const left = new Map<string, number>();
  for (const word of truth) left.set(word, (left.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of guess) {
    const count = left.get(word) ?? 0;
    if (count > 0) {
      common++;
      left.set(word, count - 1);
    }
  }
  return (2 * common) / (truth.length + guess.length);
}
