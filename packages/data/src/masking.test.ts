import { IGNORED_LABEL } from '@attune/core';
import { describe, expect, it } from 'vitest';
import { type MaskingOptions, maskTokens } from './masking.js';

const MASK = 103;
const base: MaskingOptions = { maskTokenId: MASK, vocabularySize: 1000 };
const place = { seed: 1, epoch: 0, index: 0 };

/** 3000 words of one, two and three tokens between two special ones; ids begin at 2000, beyond all replacements. */
const words = Array.from({ length: 3000 }, (_, word) => new Array<number>((word % 3) + 1).fill(word)).flat();
const wordIds = [null, ...words, null];
const ids = wordIds.map((_, position) => 2000 + position);

describe('maskTokens', () => {
  const masked = maskTokens(ids, wordIds, base, place);
  const chosen = masked.labels.map((label) => label !== IGNORED_LABEL);

  it('chooses 15 % of the words, all tokens of a word together, and never special tokens', () => {
    const perWord = Array.from({ length: 3000 }, () => new Set<boolean>());
    for (const [position, word] of wordIds.entries()) if (word !== null) perWord[word]!.add(chosen[position]!);
    expect(perWord.every(({ size }) => size === 1)).toBe(true);
    const count = perWord.filter((choice) => choice.has(true)).length;
    expect(Math.abs(count / 3000 - 0.15)).toBeLessThan(0.02);
    expect([chosen[0], chosen.at(-1)]).toEqual([false, false]);
  });

  it('labels hold the original ids; 80 % become the mask token, 10 % another, 10 % stay', () => {
    const fates = { mask: 0, random: 0, same: 0 };
    for (const [position, id] of masked.ids.entries()) {
      if (!chosen[position]) {
        expect([id, masked.labels[position]]).toEqual([ids[position], IGNORED_LABEL]);
        continue;
      }
      expect(masked.labels[position]).toBe(ids[position]);
      if (id === ids[position]) fates.same++;
      else if (id === MASK) fates.mask++;
      else fates.random++;
      expect(id === ids[position] || (id >= 0 && id < 1000)).toBe(true);
    }
    const total = fates.mask + fates.random + fates.same;
    expect(total).toBeGreaterThan(700);
    expect(Math.abs(fates.mask / total - 0.8)).toBeLessThan(0.05);
    expect(Math.abs(fates.random / total - 0.1)).toBeLessThan(0.04);
  });

  it('is a function of seed, epoch, example and position only', () => {
    expect(maskTokens(ids, wordIds, base, place)).toEqual(masked);
    for (const other of [{ seed: 2 }, { epoch: 1 }, { index: 1 }]) {
      expect(maskTokens(ids, wordIds, base, { ...place, ...other }).labels).not.toEqual(masked.labels);
    }
    const short = maskTokens(ids.slice(0, 600), wordIds.slice(0, 600), base, place);
    expect(short.labels.slice(0, 590)).toEqual(masked.labels.slice(0, 590));
  });

  it('chooses tokens one by one on request', () => {
    const { labels } = maskTokens(ids, wordIds, { ...base, wholeWords: false }, place);
    const isChosen = (position: number) => labels[position] !== IGNORED_LABEL;
    const split = wordIds.some(
      (word, at) => word !== null && word === wordIds[at + 1] && isChosen(at) !== isChosen(at + 1),
    );
    expect(split).toBe(true);
    expect(Math.abs(labels.filter((label) => label !== IGNORED_LABEL).length / words.length - 0.15)).toBeLessThan(0.02);
  });

  it('chooses one word at least, and nothing where there is none', () => {
    for (let index = 0; index < 50; index++) {
      const { labels } = maskTokens([1, 7, 8, 2], [null, 0, 1, null], base, { ...place, index });
      expect(labels.filter((label) => label !== IGNORED_LABEL).length).toBeGreaterThan(0);
    }
    expect(maskTokens([1, 2], [null, null], base, place)).toEqual({
      ids: [1, 2],
      labels: [IGNORED_LABEL, IGNORED_LABEL],
    });
    expect(
      maskTokens([1, 7, 2], [null, 0, null], { ...base, probability: 1, maskShare: 1, randomShare: 0 }, place),
    ).toEqual({
      ids: [1, MASK, 2],
      labels: [IGNORED_LABEL, 7, IGNORED_LABEL],
    });
  });

  it('the same word number in both texts of a pair is two words', () => {
    const pair = [null, 0, 0, null, 0, null];
    const choices = Array.from({ length: 200 }, (_, index) => {
      const { labels } = maskTokens([1, 5, 6, 2, 7, 2], pair, base, { ...place, index });
      return [labels[1] !== IGNORED_LABEL, labels[4] !== IGNORED_LABEL];
    });
    expect(choices.some(([first, second]) => first !== second)).toBe(true);
  });

  it.each<[Partial<MaskingOptions>, string]>([
    [{ probability: 1.5 }, 'probability'],
    [{ maskShare: Number.NaN }, 'maskShare'],
    [{ maskShare: 0.9, randomShare: 0.2 }, 'randomShare'],
  ])('refuses %j', (options, field) => {
    expect(() => maskTokens([], [], { ...base, ...options }, place)).toThrow(
      expect.objectContaining({ code: 'E_CONFIG', field }),
    );
  });
});
