import { describe, expect, it } from 'vitest';
import { halvingRounds, type Rung, successiveHalving } from './successive-halving.js';

const search = async (scores: readonly (number | null)[], known: readonly Rung[] = [], factor = 3) => {
  const measured: string[] = [];
  const rungs: Rung[] = [];
  const candidates = scores.length;
  const measure = async (candidate: number, share: number) => {
    measured.push(`${candidate}:${share.toFixed(2)}`);
    return scores[candidate] ?? null;
  };
  for await (const rung of successiveHalving({ candidates, factor, known, measure })) rungs.push(rung);
  return { measured, rungs };
};

describe('successive halving', () => {
  it.each([
    [1, [[1, 1]]],
    [
      2,
      [
        [2, 1 / 3],
        [1, 1],
      ],
    ],
    [
      9,
      [
        [9, 1 / 9],
        [3, 1 / 3],
        [1, 1],
      ],
    ],
    [
      10,
      [
        [10, 1 / 9],
        [3, 1 / 3],
        [1, 1],
      ],
    ],
  ])('%s candidates: the rounds have a third each time, the last a whole training', (candidates, expected) => {
    const rounds = halvingRounds(candidates).map(({ size, share }) => [size, share]);
    expect(rounds).toEqual(expected.map(([size, share]) => [size, expect.closeTo(share!, 9)]));
  });

  it('trains the best to the end, and leaves out what failed', async () => {
    const { measured, rungs } = await search([0.5, 0.9, null, 0.7, 0.8, 0.1]);
    expect(measured).toEqual([...[0, 1, 2, 3, 4, 5].map((each) => `${each}:0.11`), '1:0.33', '4:0.33', '1:1.00']);
    expect(rungs.at(-1)).toEqual({ candidate: 1, share: 1, score: 0.9 });
    expect((await search([null, null])).measured).toHaveLength(2);
  });

  it('does not measure again what is known', async () => {
    const scores = [0.5, 0.9, 0.2];
    const { rungs } = await search(scores);
    for (let kept = 0; kept <= rungs.length; kept++) {
      const again = await search(scores, rungs.slice(0, kept));
      expect(again.measured).toHaveLength(rungs.length - kept);
      expect(again.rungs).toEqual(rungs);
    }
  });
});
