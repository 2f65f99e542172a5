/** The next token of one text, chosen on the host from the scores of all tokens. */
import { AttuneError, threefry } from '@attune/ir';
import { keyOf } from '../random.js';
import type { CheckedGenerateOptions } from './generation-options.js';
import { processorsOf } from './processors/list.js';
import { type LogitsProcessor, type TextSoFar, weightsOf } from './processors/processor.js';

/**
 * Scores come to the host only if an option needs them: a row of them is a small part of what a token costs, and one
 * program serves all options then.
 */
export class TokenChooser {
  readonly #processors: readonly LogitsProcessor[];
  readonly #options: CheckedGenerateOptions;
  readonly #row: number;

  /** @param row of the texts that have these options in common: each has draws of its own */
  constructor(options: CheckedGenerateOptions, row: number) {
    this.#processors = processorsOf(options);
    this.#options = options;
    this.#row = row;
  }

  /** Whether it takes more than the token with the largest score. */
  get needsScores(): boolean {
    return this.#processors.length > 0 || this.#options.temperature > 0;
  }

  /**
   * @param scores of all tokens; they are changed
   * @throws AttuneError `E_CONFIG` if the options leave no token, and for tokens that the model does not have
   */
  choose(scores: Float32Array, text: TextSoFar): number {
    for (const process of this.#processors) process(scores, text);
    const best = largestOf(scores);
    if (scores[best] === -Infinity) throw nothingLeft();
    return this.#options.temperature > 0 ? this.#draw(scores, text.written.length) : best;
  }

  /** By the cumulative distribution: the same token on all backends, up to the rounding of scores. */
  #draw(scores: Float32Array, step: number): number {
    const { weights, total } = weightsOf(scores);
    const [high, low] = threefry(keyOf(this.#options.seed, 'generation', step), [this.#row, 5]);
    let left = ((high * 2 ** 21 + (low >>> 11)) / 2 ** 53) * total;
    let last = 0;
    for (let token = 0; token < weights.length; token++) {
      if (weights[token] === 0) continue;
      left -= weights[token]!;
      last = token;
      if (left < 0) break;
    }
    return last;
  }
}

/** The first of the largest. */
function largestOf(scores: Float32Array): number {
  let best = 0;
  for (let token = 1; token < scores.length; token++) if (scores[token]! > scores[best]!) best = token;
  return best;
}

const nothingLeft = (): AttuneError =>
  new AttuneError('E_CONFIG', 'The options of generation leave no token to choose from.', {
    field: 'generation',
    hint: 'Take fewer bad words, or a smaller noRepeatNgramSize or minNewTokens.',
  });
