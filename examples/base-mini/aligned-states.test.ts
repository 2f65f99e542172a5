import { expect, it } from 'vitest';
import { alignedStates } from './aligned-states.js';

it('a token learns the mean of its word, [CLS] that of all, [SEP] the last, an unread word nothing', () => {
  // The teacher reads [CLS] un ##break ##able glass [SEP], the student [CLS] unbreak ##able glass ##es more [SEP].
  const teacher = { wordIds: [null, 0, 0, 0, 1, null] };
  const student = { wordIds: [null, 0, 0, 1, 1, 2, null] };
  const states = Float32Array.from([9, 8, 1, 10, 2, 20, 6, 30, 5, 50, 7, 6]);
  const none = Number.NaN;
  expect(Array.from(alignedStates(states, 2, teacher, student))).toEqual([
    ...[5, expect.closeTo(62 / 3, 5)],
    ...[3, 20],
    ...[3, 20],
    ...[5, 50],
    ...[5, 50],
    ...[none, none],
    ...[7, 6],
  ]);
});
