/** Low-rank Hadamard products (Hyeon-Woo et al. 2022, FedPara), as PEFT has LoHa. */
import { kaimingUniform, type Strategy } from '@attune/core';
import { parseOptions } from '@attune/core/internal';
import { matmul, mul } from '@attune/ir';
import * as z from 'zod/mini';
import { defineAdapter } from './adapters/define-adapter.js';
import { targetProblem } from './adapters/target-options.js';
import { layerRanks, lowRankRecipe, productFields, productFile, productShape } from './low-rank.js';

const lohaSchema = z.strictObject(productShape);

export type LohaOptions = z.input<typeof lohaSchema>;
export type LohaSettings = z.output<typeof lohaSchema>;

export const lohaMethod = defineAdapter<LohaSettings>({
  name: 'loha',
  peftType: 'LOHA',
  recipe: lowRankRecipe,
  parse: (options) => parseOptions(lohaSchema, options, 'loha', targetProblem),
  kinds: { linear: true, embedding: false, layer_norm: false, rms_norm: false },
  fields: productFields,
  file: productFile,
  parameters: { hada_w1_a: {}, hada_w1_b: {}, hada_w2_a: {}, hada_w2_b: {} },
  change(settings) {
    const rankOf = layerRanks(settings);
    return ({ path, shape, parameter }) => {
      const [out, width] = shape as [number, number];
      const { rank, alpha } = rankOf(path);
      const factor = (name: string, isZero = false) =>
        matmul(
          parameter(`${name}_a.*`, [out, rank], kaimingUniform(rank)),
          parameter(`${name}_b.*`, [rank, width], isZero ? { kind: 'constant', value: 0 } : kaimingUniform(width)),
        );
      const matrix = mul(factor('hada_w1'), factor('hada_w2', true));
      return { delta: [{ matrix }, { scale: alpha / rank }] };
    };
  },
});

/**
 * Adds alpha / r times the elementwise product of two matrices of low rank, which can have the rank r squared.
 * @throws AttuneError `E_CONFIG` for options that are wrong; `E_STRATEGY` (in `adapt`) where no layer is a target
 */
export const loha = (options: LohaOptions = {}): Strategy => lohaMethod.strategy(options);
