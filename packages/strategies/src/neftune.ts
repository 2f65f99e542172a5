/** NEFTune (Jain et al. 2023, arXiv 2310.05914): noise on word embeddings, with which answers to instructions get better. */
import type { SiteDropout, Strategy } from '@attune/core';
import { describeModel, parseOptions } from '@attune/core/internal';
import { AttuneError, add, cast, hostTensor, mul, randomBits, shiftRight, sub, type Value, xor } from '@attune/ir';
import * as z from 'zod/mini';

const neftuneSchema = z.strictObject({
  /** How large the noise is, as `neftune_noise_alpha` of transformers; 5 by default. */
  noiseAlpha: z._default(z.number().check(z.positive()), 5),
});

export type NeftuneOptions = z.input<typeof neftuneSchema>;

/**
 * In training each number of a word's embedding gets noise that is uniform within noiseAlpha / sqrt(tokens · width), tokens of
 * padding counted. It leaves to other strategies what trains; alone, everything does.
 * @throws AttuneError `E_CONFIG` for options that are wrong; `E_STRATEGY` (when it is applied) for a model without embeddings
 */
export function neftune(options: NeftuneOptions = {}): Strategy {
  const name = 'neftune';
  const settings = parseOptions(neftuneSchema, options, name);
  return {
    name,
    options: settings,
    adapt(model) {
      const isWords = ({ kind, shape }: { readonly kind: string; readonly shape: readonly number[] }) =>
        kind === 'embedding' && shape[0] === model.config.vocab_size;
      const words = describeModel(model).layers.find(isWords);
      if (!words) {
        throw new AttuneError('E_STRATEGY', `This ${model.architecture} has no embedding of its vocabulary.`, {
          field: 'strategy',
        });
      }
      return {
        rewrite(call) {
          if (call.kind !== 'embedding' || call.scope.path !== words.path) return undefined;
          const active = call.scope.activeDropout(0.5, name);
          if (!active) return undefined;
          const embedded = call.base(call.input);
          return noisy(embedded, uniformNoise(active, embedded.type.shape), settings.noiseAlpha);
        },
      };
    },
  };
}

/** @param noise uniform in [-1, 1], shaped as x [batch, tokens, width] */
export function noisy(x: Value, noise: Value, alpha: number): Value {
  const [, tokens = 1, width = 1] = x.type.shape;
  return add(x, mul(noise, alpha / Math.sqrt(tokens * width)));
}

/** In [-1, 1), in 2^24 steps. */
function uniformNoise({ key, site }: SiteDropout, shape: readonly number[]): Value {
  const own = xor(key, key.builder.constant(hostTensor([2], [site, 0x7f4a7c15], 'u32')));
  return sub(mul(cast(shiftRight(randomBits(own, shape), 8), 'f32'), 2 ** -23), 1);
}
