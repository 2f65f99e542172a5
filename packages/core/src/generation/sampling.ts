/** How the next token is chosen from the scores of all tokens, on the device. */
import {
  add,
  argmax,
  cast,
  cumsum,
  div,
  less,
  log,
  minimumOver,
  mul,
  neg,
  randomBits,
  reshape,
  select,
  shiftRight,
  sliceAxis,
  softmax,
  sort,
  sub,
  type Value,
} from '@attune/ir';
import * as z from 'zod/mini';
import { count, nonnegative, share, size } from '../fields.js';

export const samplingShape = {
  /** Scores are divided by it; 0, the default, takes the most probable token each time. */
  temperature: z._default(nonnegative, 0),
  /** Only so many of the most probable tokens are drawn from; all by default. */
  topK: z.optional(size),
  /** Only the most probable tokens that together have this probability are drawn from; 1, all, by default. */
  topP: z._default(share, 1),
  /** What is drawn is a function of the seed and the token's number; 0 by default. */
  seed: z._default(count, 0),
} as const;

export type Sampling = Pick<z.output<z.ZodMiniObject<typeof samplingShape>>, 'temperature' | 'topK' | 'topP'>;

const HIDDEN = -3.4e38;

/**
 * The chosen tokens, i32 [batch, 1], of scores [batch, tokens]; temperature, top-k (Fan et al. 2018) and top-p (Holtzman et
 * al. 2019) apply in that order, as in transformers. Draws are by the largest score plus Gumbel noise.
 * @param key u32[2]; needed unless the temperature is 0
 */
export function sampleTokens(scores: Value, { temperature, topK, topP }: Sampling, key: Value | undefined): Value {
  const [batch, tokens] = scores.type.shape as [number, number];
  const chosen = (x: Value) => reshape(argmax(x, 1), [batch, 1]);
  if (temperature === 0 || !key) return chosen(scores);
  let kept = div(scores, temperature);
  if (topK !== undefined && topK < tokens) {
    const smallest = sliceAxis(sort(kept, { axis: 1, descending: true }).values, 1, topK - 1, topK);
    kept = select(less(kept, smallest), HIDDEN, kept);
  }
  if (topP < 1) {
    const sorted = sort(kept, { axis: 1, descending: true }).values;
    const probabilities = softmax(sorted);
    const before = sub(cumsum(probabilities, 1), probabilities);
    const smallest = minimumOver(select(less(before, topP), sorted, -HIDDEN), { axes: [1], keepAxes: true });
    kept = select(less(kept, smallest), HIDDEN, kept);
  }
  return chosen(add(kept, gumbelNoise(key, [batch, tokens])));
}

/** -log(-log(u)) of u uniform in (0, 1), in 2^24 steps. */
function gumbelNoise(key: Value, shape: readonly number[]): Value {
  const uniform = mul(add(cast(shiftRight(randomBits(key, shape), 8), 'f32'), 0.5), 2 ** -24);
  return neg(log(neg(log(uniform))));
}
