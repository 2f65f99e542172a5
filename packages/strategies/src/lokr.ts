/** Low-rank Kronecker products (Edalati et al. 2022, KronA; Yeh et al. 2024), as PEFT has LoKr. */
import { type Initializer, kaimingUniform, type Strategy } from '@attune/core';
import { parseOptions } from '@attune/core/internal';
import { matmul, mul, reshape, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import type { AdaptedLayer } from './adapters/adapted-layer.js';
import { defineAdapter } from './adapters/define-adapter.js';
import { targetProblem } from './adapters/target-options.js';
import { layerRanks, lowRankRecipe, productFields, productFile, productShape } from './low-rank.js';

const lokrSchema = z.strictObject({
  ...productShape,
  /** Whether the smaller factor is of low rank too; false by default. */
  decomposeBoth: z._default(z.boolean(), false),
  /** What the smaller factor's widths come as near to as they can; -1, the default, for the square root. */
  decomposeFactor: z._default(z.union([z.literal(-1), z.int().check(z.positive())]), -1),
});

export type LokrOptions = z.input<typeof lokrSchema>;
export type LokrSettings = z.output<typeof lokrSchema>;

export const lokrMethod = defineAdapter<LokrSettings>({
  name: 'lokr',
  peftType: 'LOKR',
  recipe: lowRankRecipe,
  parse: (options) => parseOptions(lokrSchema, options, 'lokr', targetProblem),
  kinds: { linear: true, embedding: false, layer_norm: false, rms_norm: false },
  fields: { ...productFields, decomposeBoth: 'decompose_both', decomposeFactor: 'decompose_factor' },
  file: { ...productFile, harmless: [...productFile.harmless, 'rank_dropout_scale'] },
  parameters: { lokr_w1: {}, lokr_w1_a: {}, lokr_w1_b: {}, lokr_w2: {}, lokr_w2_a: {}, lokr_w2_b: {} },
  change(settings) {
    const rankOf = layerRanks(settings);
    const { decomposeBoth, decomposeFactor } = settings;
    return (layer) => {
      const [out, width] = layer.shape as [number, number];
      const { rank, alpha } = rankOf(layer.path);
      const [outs, ins] = [factorized(out, decomposeFactor), factorized(width, decomposeFactor)];
      const isLow = (index: 0 | 1) => rank < Math.max(outs[index], ins[index]) / 2;
      const small = { shape: [outs[0], ins[0]], rank: decomposeBoth && isLow(0) ? rank : undefined } as const;
      const large = { shape: [outs[1], ins[1]], rank: isLow(1) ? rank : undefined } as const;
      const matrix = kronecker(
        factorOf(layer, 'lokr_w1', small, { kind: 'constant', value: 0 }),
        factorOf(layer, 'lokr_w2', large),
      );
      return { delta: [{ matrix }, { scale: alpha / rank }] };
    };
  },
});

interface Factor {
  readonly shape: readonly [out: number, width: number];
  /** Of the two matrices that it is the product of; undefined for one matrix. */
  readonly rank: number | undefined;
}

/** @param start of its only or first matrix */
function factorOf({ parameter }: AdaptedLayer, name: string, { shape, rank }: Factor, start?: Initializer): Value {
  const [out, width] = shape;
  if (rank === undefined) return parameter(`${name}.*`, shape, start ?? kaimingUniform(width));
  return matmul(
    parameter(`${name}_a.*`, [out, rank], start ?? kaimingUniform(rank)),
    parameter(`${name}_b.*`, [rank, width], kaimingUniform(width)),
  );
}

/** [a c, b d] of [a, b] and [c, d]. */
function kronecker(first: Value, second: Value): Value {
  const [a, b] = first.type.shape as [number, number];
  const [c, d] = second.type.shape as [number, number];
  return reshape(mul(reshape(first, [a, 1, b, 1]), reshape(second, [1, c, 1, d])), [a * c, b * d]);
}

/** PEFT's factorization: two numbers with that product, the smaller one first and near to `factor`. */
function factorized(size: number, factor: number): readonly [number, number] {
  if (factor > 0 && size % factor === 0) return [factor, size / factor];
  const limit = factor === -1 ? size : factor;
  let [small, large] = [1, size];
  while (small < large) {
    let next = small + 1;
    while (size % next !== 0) next++;
    if (next > limit) break;
    [small, large] = [next, size / next];
  }
  return small > large ? [large, small] : [small, large];
}

/**
 * Adds alpha / r times the Kronecker product of a small matrix and a larger one, which is of low rank if that is smaller.
 * @throws AttuneError `E_CONFIG` for options that are wrong; `E_STRATEGY` (in `adapt`) where no layer is a target
 */
export const lokr = (options: LokrOptions = {}): Strategy => lokrMethod.strategy(options);
