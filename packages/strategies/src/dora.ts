/** Weight-decomposed low-rank adaptation (Liu et al. 2024), as PEFT has it. */
import type { Derivation, Strategy } from '@attune/core';
import { parseOptions } from '@attune/core/internal';
import { div, mul, reduceSum, sqrt, stopGradient, transpose, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import { defineAdapter } from './adapters/define-adapter.js';
import { targetProblem } from './adapters/target-options.js';
import { lowRankChange, lowRankFields, lowRankFile, lowRankKinds, lowRankRecipe, lowRankShape } from './low-rank.js';

const doraSchema = z.strictObject(lowRankShape);

export type DoraOptions = z.input<typeof doraSchema>;
export type DoraSettings = z.output<typeof doraSchema>;

export const doraMethod = defineAdapter<DoraSettings>({
  name: 'dora',
  peftType: 'LORA',
  recipe: lowRankRecipe,
  parse: (options) => parseOptions(doraSchema, options, 'dora', targetProblem),
  kinds: lowRankKinds,
  fields: lowRankFields,
  file: {
    ...lowRankFile,
    refused: [...lowRankFile.refused, 'lora_bias'],
    constants: { use_dora: true, init_lora_weights: true },
    isOf: ({ use_dora: isDora }) => Boolean(isDora),
  },
  parameters: { lora_A: {}, lora_B: {}, lora_embedding_A: {}, lora_embedding_B: {}, lora_magnitude_vector: {} },
  isExclusive: true,
  change(settings) {
    const lowRank = lowRankChange(settings);
    return (layer) => {
      const isEmbedding = layer.kind === 'embedding';
      const width = layer.shape[isEmbedding ? 1 : 0]!;
      const start: Derivation = {
        from: [layer.nameOf('weight')],
        compute: ([weight]) => lengths(isEmbedding ? transpose(weight!, [1, 0]) : weight!),
      };
      const magnitude = layer.parameter('lora_magnitude_vector.*', [width], start);
      // The lengths are constants to the gradient (Liu et al., section 4.3).
      return { ...lowRank(layer), outputScale: (changed) => div(magnitude, lengths(stopGradient(changed))) };
    };
  },
});

/** The lengths of a matrix's rows. */
const lengths = (matrix: Value): Value => sqrt(reduceSum(mul(matrix, matrix), [1]));

/**
 * LoRA with the length of each row of the weight as a parameter of its own: what B A changes is the direction.
 * @throws AttuneError `E_CONFIG` for options that are wrong; `E_STRATEGY` (in `adapt`) where no layer is a target
 */
export const dora = (options: DoraOptions = {}): Strategy => doraMethod.strategy(options);
