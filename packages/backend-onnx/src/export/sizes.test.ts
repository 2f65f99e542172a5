import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { productOf, sampleSizes } from './sizes.js';

const samples = sampleSizes(['batch', 'tokens']);
const at = (value: (batch: number, tokens: number) => number) =>
  samples.map(({ batch, tokens }) => value(batch!, tokens!));

describe('products of sizes', () => {
  it('are told by their values, up to squares', () => {
    const power = fc.integer({ min: 0, max: 2 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), power, power, (factor, i, j) => {
        const names = [...new Array<string>(i).fill('batch'), ...new Array<string>(j).fill('tokens')];
        expect(
          productOf(
            at((batch, tokens) => factor * batch ** i * tokens ** j),
            samples,
          ),
        ).toEqual({ factor, names });
      }),
    );
  });

  it('are no other functions of them', () => {
    const others: ((batch: number, tokens: number) => number)[] = [
      (_, tokens) => tokens - 1,
      (batch, tokens) => batch + tokens,
      (_, tokens) => Math.min(tokens, 8),
      (_, tokens) => Math.ceil(tokens / 2),
      (batch) => 2 ** batch,
      (batch, tokens) => (batch === 2 ? tokens : 2 * tokens),
    ];
    for (const other of others) expect(productOf(at(other), samples), String(other)).toBeUndefined();
  });

  it('numbers stay what they are, negative ones and 0 too', () => {
    for (const factor of [-(2 ** 31), -1, 0, 1, 384]) {
      expect(
        productOf(
          at(() => factor),
          samples,
        ),
      ).toEqual({ factor, names: [] });
    }
    expect(sampleSizes([])).toEqual([{}]);
    expect(productOf([7], [{}])).toEqual({ factor: 7, names: [] });
  });
});
