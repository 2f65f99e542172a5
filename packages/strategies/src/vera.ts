/** Vector-based random matrix adaptation (Kopiczko et al. 2024), as PEFT has it. */
import type { Strategy } from '@attune/core';
import { fullRecipe, parseOptions, roundedRate } from '@attune/core/internal';
import { sliceAxis } from '@attune/ir';
import * as z from 'zod/mini';
import { defineAdapter } from './adapters/define-adapter.js';
import { targetProblem, targetShape } from './adapters/target-options.js';

const veraSchema = z.strictObject({
  ...targetShape,
  /** Rank of the shared matrices; 256 by default. */
  r: z._default(z.int().check(z.positive()), 256),
  /** What each factor of the rank starts with; 0.1 by default. */
  dInitial: z._default(z.number(), 0.1),
  /** Dropout on the input of the update while training; 0 by default. */
  dropout: z._default(z.number().check(z.minimum(0), z.lt(1)), 0),
  bias: z._default(z.enum(['none', 'all', 'vera_only']), 'none'),
});

export type VeraOptions = z.input<typeof veraSchema>;
export type VeraSettings = z.output<typeof veraSchema>;

export const veraMethod = defineAdapter<VeraSettings>({
  name: 'vera',
  peftType: 'VERA',
  // Kopiczko et al., table 9: ten times the rates of LoRA (4e-3 to 1e-2 for RoBERTa-base).
  recipe: {
    learningRate: (width) => roundedRate(Math.min(100 * fullRecipe.learningRate(width), 1e-2)),
    epochFactor: 1.5,
  },
  parse: (options) => parseOptions(veraSchema, options, 'vera', targetProblem),
  kinds: { linear: true, embedding: false, layer_norm: false, rms_norm: false },
  fields: { r: 'r', dInitial: 'd_initial', dropout: 'vera_dropout', bias: 'bias' },
  withoutFields: ['excludeModules'],
  file: {
    constants: { init_weights: true, save_projection: true, projection_prng_key: 0 },
    harmless: ['init_weights', 'projection_prng_key'],
    problem({ save_projection: isSaved }) {
      if (isSaved !== false) return undefined;
      return {
        field: 'save_projection',
        message: 'save_projection is false: its matrices have to be drawn by PyTorch',
        hint: 'Save it in PEFT with save_projection=True.',
      };
    },
  },
  parameters: {
    vera_A: { isFrozen: true, isShared: true },
    vera_B: { isFrozen: true, isShared: true },
    vera_lambda_b: {},
    vera_lambda_d: {},
  },
  change({ r, dInitial, dropout, adapterName }, targets) {
    const largest = (axis: number) => Math.max(...targets.map(({ shape }) => shape[axis]!));
    const [mostOut, mostIn] = [largest(0), largest(1)];
    return ({ shared, parameter, shape }) => {
      const [out, width] = shape as [number, number];
      const a = shared('vera_A.*', [r, mostIn], uniform(mostIn));
      const b = shared('vera_B.*', [mostOut, r], uniform(r));
      return {
        delta: [
          { matrix: sliceAxis(a, 1, 0, width) },
          { scale: parameter('vera_lambda_d.*', [r], { kind: 'constant', value: dInitial }) },
          { matrix: sliceAxis(b, 0, 0, out) },
          { scale: parameter('vera_lambda_b.*', [out], { kind: 'constant', value: 0 }) },
        ],
        dropout: { rate: dropout, site: `vera_dropout.${adapterName}` },
      };
    };
  },
});

/** torch.nn.init.kaiming_uniform_ of a matrix with so many columns. */
const uniform = (columns: number) => ({ kind: 'uniform', bound: Math.sqrt(6 / columns) }) as const;

/**
 * One pair of frozen random matrices for all layers, as large as the largest needs; of each layer only a factor for each
 * rank and for each output trains.
 * @throws AttuneError `E_CONFIG` for options that are wrong; `E_STRATEGY` (in `adapt`) where no layer is a target
 */
export const vera = (options: VeraOptions = {}): Strategy => veraMethod.strategy(options);
