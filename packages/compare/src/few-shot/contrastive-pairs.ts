/** Pairs of labelled texts with whether both are of one class, drawn as in the library setfit (its `sampler.py`). */
import { permutation } from '@attune/core';
import type { TextExample } from '@attune/data';
import { AttuneError } from '@attune/ir';

export const samplingStrategies = ['oversampling', 'undersampling', 'unique'] as const;
export type SamplingStrategy = (typeof samplingStrategies)[number];

export interface PairOptions {
  /**
   * Which of all pairs are drawn. `unique`: each once. `undersampling`: as many of one kind as of the other, as far as the
   * fewer go. `oversampling`: the fewer repeat until each pair was drawn.
   */
  readonly samplingStrategy: SamplingStrategy;
  /** Draws so many pairs of either kind for each text instead. */
  readonly numIterations?: number | undefined;
  readonly seed: number;
}

export interface ContrastivePair {
  readonly text: string;
  readonly textPair: string;
  /** 1 for texts of one class, else 0. */
  readonly score: 0 | 1;
}

/** All pairs of more texts would fill the memory: 2,000 texts have two million. */
const MAX_TEXTS = 2000;

/**
 * Pairs of one class, a text with itself among them, and pairs of two, in turn.
 * @throws AttuneError `E_DATA_LABELS` if all texts are of one class, `E_DATA_LIMIT` for more than 2,000 texts
 */
export function contrastivePairs(
  examples: readonly Pick<TextExample, 'text' | 'label'>[],
  options: PairOptions,
): readonly ContrastivePair[] {
  const count = examples.length;
  if (count > MAX_TEXTS) {
    const message = `Contrastive pairs are for little data: there are ${count} texts, and ${MAX_TEXTS} at most are paired.`;
    throw new AttuneError('E_DATA_LIMIT', message, { hint: 'Train on a sample, or fine-tune by another strategy.' });
  }
  const [same, different]: [ContrastivePair[], ContrastivePair[]] = [[], []];
  for (const place of permutation((count * (count + 1)) / 2, options.seed, 'contrastive pairs')) {
    const [first, second] = pairAt(place);
    const [one, other] = [examples[first]!, examples[second]!];
    const isSame = one.label === other.label;
    (isSame ? same : different).push({ text: one.text, textPair: other.text, score: isSame ? 1 : 0 });
  }
  if (different.length === 0) {
    const hint = 'Name texts of two classes at least.';
    throw new AttuneError('E_DATA_LABELS', 'All texts are of one class: none can be told apart.', { hint });
  }
  const [ofSame, ofDifferent] = drawCounts(options, { same: same.length, different: different.length, texts: count });
  const pairs: ContrastivePair[] = [];
  for (let index = 0; index < Math.max(ofSame, ofDifferent); index++) {
    if (index < ofSame) pairs.push(same[index % same.length]!);
    if (index < ofDifferent) pairs.push(different[index % different.length]!);
  }
  return pairs;
}

/** How many pairs of one class are drawn, and how many of two. */
function drawCounts(
  { samplingStrategy, numIterations }: PairOptions,
  there: { readonly same: number; readonly different: number; readonly texts: number },
): readonly [number, number] {
  if (numIterations !== undefined) return [numIterations * there.texts, numIterations * there.texts];
  const [fewer, more] = [Math.min(there.same, there.different), Math.max(there.same, there.different)];
  switch (samplingStrategy) {
    case 'unique':
      return [there.same, there.different];
    case 'undersampling':
      return [fewer, fewer];
    case 'oversampling':
      return [more, more];
  }
}

/** The pair of that number among (0, 0), (0, 1), (1, 1), (0, 2), (1, 2), (2, 2) … */
function pairAt(place: number): readonly [number, number] {
  const second = Math.floor((Math.sqrt(8 * place + 1) - 1) / 2);
  return [place - (second * (second + 1)) / 2, second];
}
