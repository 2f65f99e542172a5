/** Low-rank adaptation (Hu et al. 2021), as PEFT has it. */
import type { Strategy } from '@attune/core';
import { parseOptions } from '@attune/core/internal';
import { mul } from '@attune/ir';
import * as z from 'zod/mini';
import { defineAdapter } from './adapters/define-adapter.js';
import { targetProblem } from './adapters/target-options.js';
import { initLoraWeights, isOfWeight, layerStarts, readableStarts } from './lora-starts.js';
import {
  layerScales,
  lowRankChange,
  lowRankFields,
  lowRankFile,
  lowRankKinds,
  lowRankRecipe,
  lowRankShape,
} from './low-rank.js';

const loraSchema = z.strictObject({
  ...lowRankShape,
  initLoraWeights,
  /** Gives the B matrices a bias. */
  loraBias: z._default(z.boolean(), false),
  /** LoRA+ (Hayou et al. 2024): the B matrices learn so many times faster; 1 by default, 16 in the paper. */
  loraplusLrRatio: z._default(z.number().check(z.positive()), 1),
});

export type LoraOptions = z.input<typeof loraSchema>;
export type LoraSettings = z.output<typeof loraSchema>;

/** @throws AttuneError `E_CONFIG` that lists all problems */
export const parseLoraOptions = (options: unknown): LoraSettings =>
  parseOptions(loraSchema, options, 'lora', targetProblem);

export const loraMethod = defineAdapter<LoraSettings>({
  name: 'lora',
  peftType: 'LORA',
  recipe: lowRankRecipe,
  parse: parseLoraOptions,
  kinds: lowRankKinds,
  fields: { ...lowRankFields, loraBias: 'lora_bias' },
  file: {
    ...lowRankFile,
    constants: { init_lora_weights: true },
    isOf: ({ use_dora: isDora }) => !isDora,
    options: ({ init_lora_weights: start }) => (readableStarts.includes(start) ? { initLoraWeights: start } : {}),
    problem: (config) => (readableStarts.includes(config.init_lora_weights) ? undefined : lowRankFile.problem(config)),
  },
  parameters: {
    lora_A: {},
    lora_B: {},
    lora_embedding_A: {},
    lora_embedding_B: {},
    lora_start_A: { isMadeAgain: true },
    lora_start_B: { isMadeAgain: true },
  },
  toSave: async (settings, weights) =>
    isOfWeight(settings.initLoraWeights) ? (await import('./plain-lora.js')).asPlainLora(settings, weights) : undefined,
  learningRateScale: ({ loraplusLrRatio }, part) => (part === 'lora_B' ? loraplusLrRatio : 1),
  change(settings) {
    const startsOf = layerStarts(settings);
    const scaleOf = layerScales(settings);
    return (layer) => {
      const starts = startsOf?.(layer);
      const lowRank = { ...lowRankChange(settings, starts && (() => starts))(layer), start: starts?.start };
      if (!settings.loraBias || layer.kind === 'embedding') return lowRank;
      const bias = layer.parameter('lora_B.*.bias', layer.shape.slice(0, 1), { kind: 'constant', value: 0 });
      return { ...lowRank, bias: mul(bias, scaleOf(layer.path).scaling) };
    };
  },
});

/**
 * Low-rank adaptation: a frozen layer's output plus scaling * B A x, where A starts at random and B at 0. Embeddings are
 * adapted likewise.
 * @throws AttuneError `E_CONFIG` for options that are wrong; `E_STRATEGY` (in `adapt`) where no layer is a target
 */
export const lora = (options: LoraOptions = {}): Strategy => loraMethod.strategy(options);
