import { expect, test } from 'vitest';
import { answerOfWindow, chooseAnswer } from './answer-span.js';

/** [CLS] where [SEP] "the cat sat" [SEP], with two tokens of padding behind. */
const places = {
  starts: Int32Array.of(-1, -1, -1, 0, 4, 8, -1),
  ends: Int32Array.of(-1, -1, -1, 3, 7, 11, -1),
};
const logits = (...values: readonly number[]) => Float32Array.from(values);

test('the best span lies in the context, ends after its start, and is no longer than allowed', () => {
  const start = logits(9, 9, 0, 1, 2, 0, 9, 50, 50);
  const end = logits(9, 9, 0, 3, 0, 2, 9, 50, 50);
  const { best, none } = answerOfWindow(places, start, end);
  expect(best).toMatchObject({ start: 0, end: 3, logit: 4 });
  expect(best.score).toBeLessThan(1e-4);
  expect(none).toMatchObject({ start: 0, end: 0, logit: 18 });
  const long = [logits(0, 0, 0, 5, 0, 0, 0), logits(0, 0, 0, 0, 1, 5, 0)] as const;
  expect(answerOfWindow(places, ...long).best).toMatchObject({ start: 0, end: 11 });
  expect(answerOfWindow(places, ...long, { maxAnswerLength: 2 }).best).toMatchObject({ start: 0, end: 7 });
});

test('scores are probabilities of the window without its padding', () => {
  const even = logits(0, 0, 0, 0, 0, 0, 0, 99);
  expect(answerOfWindow(places, even, even).best.score).toBeCloseTo(1 / 49, 6);
});

test('of several windows the largest logits win, and none where it may and every window says so', () => {
  const window = (logit: number, none: number) => ({
    best: { start: 0, end: logit, logit, score: 0 },
    none: { start: 0, end: 0, logit: none, score: 0 },
  });
  const windows = [window(3, 9), window(5, 4)];
  expect(chooseAnswer(windows, false).end).toBe(5);
  expect(chooseAnswer(windows, true).end).toBe(5);
  expect(chooseAnswer([window(3, 9), window(5, 6)], true).end).toBe(0);
});
