/** AdaLoRA (Zhang et al. 2023): low-rank adaptation whose ranks go to the layers that need them, as PEFT has it. */
import type { Penalty, Strategy } from '@attune/core';
import { type OptionProblem, parseOptions } from '@attune/core/internal';
import {
  AttuneError,
  div,
  type HostTensor,
  hostTensor,
  matmul,
  maximum,
  mul,
  reshape,
  sqrt,
  sub,
  sum,
  transpose,
  type Value,
} from '@attune/ir';
import * as z from 'zod/mini';
import { defineAdapter } from './adapters/define-adapter.js';
import type { Weights } from './adapters/method.js';
import { targetProblem, targetShape } from './adapters/target-options.js';
import { lowRankFile, lowRankRecipe, lowRankShape } from './low-rank.js';
import { rankAllocation } from './rank-allocation.js';
import { identity } from './rotations.js';

const whole = z.int().check(z.nonnegative());
const decay = z.number().check(z.gt(0), z.lt(1));

const adaloraSchema = z.strictObject({
  ...targetShape,
  /** Rank of each layer before ranks are given away; 12 by default. */
  initR: z._default(z.int().check(z.positive()), 12),
  /** The mean rank at the end; 8 by default. */
  targetR: z._default(z.int().check(z.positive()), 8),
  /** Steps before the budget falls; 0 by default. */
  tinit: z._default(whole, 0),
  /** Steps at the end in which ranks stay; 0 by default. */
  tfinal: z._default(whole, 0),
  /** Steps from one choice of ranks to the next; 1 by default. */
  deltaT: z._default(z.int().check(z.positive()), 1),
  /** Decay of the average of importances; 0.85 by default. */
  beta1: z._default(decay, 0.85),
  /** Decay of the average of how uncertain they are; 0.85 by default. */
  beta2: z._default(decay, 0.85),
  /** How strongly the matrices are kept orthogonal; 0.5 by default. */
  orthRegWeight: z._default(z.number().check(z.positive()), 0.5),
  /** Optimizer steps that the budget is planned for; those of the run by default. */
  totalStep: z.optional(z.int().check(z.positive())),
  /** The update is scaled by alpha / initR; 8 by default. */
  alpha: lowRankShape.alpha,
  dropout: lowRankShape.dropout,
  bias: lowRankShape.bias,
  /** Of an adapter from a file: which triplets of each layer are left, by the layer's path and `.lora_E`. */
  keptTriplets: z.optional(z.record(z.string(), z.array(z.boolean()))),
});

export type AdaloraOptions = z.input<typeof adaloraSchema>;
export type AdaloraSettings = z.output<typeof adaloraSchema>;

const small = { kind: 'normal', standardDeviation: 0.02 } as const;

export const adaloraMethod = defineAdapter<AdaloraSettings>({
  name: 'adalora',
  peftType: 'ADALORA',
  recipe: lowRankRecipe,
  parse: (options) =>
    parseOptions(adaloraSchema, options, 'adalora', (given) => targetProblem(given) ?? rankProblem(given)),
  kinds: { linear: true, embedding: false, layer_norm: false, rms_norm: false },
  fields: {
    initR: 'init_r',
    targetR: 'target_r',
    tinit: 'tinit',
    tfinal: 'tfinal',
    deltaT: 'deltaT',
    beta1: 'beta1',
    beta2: 'beta2',
    orthRegWeight: 'orth_reg_weight',
    totalStep: 'total_step',
    alpha: 'lora_alpha',
    dropout: 'lora_dropout',
    bias: 'bias',
    keptTriplets: 'rank_pattern',
  },
  file: {
    ...lowRankFile,
    // What PEFT's AdaLoRA takes over from LoRA's configuration and does not read.
    harmless: [...lowRankFile.harmless, 'r', 'alpha_pattern', 'use_rslora', 'init_lora_weights'],
    refused: [...lowRankFile.refused, 'use_dora', 'lora_bias'],
    constants: { init_lora_weights: true, r: 8 },
  },
  parameters: { lora_A: {}, lora_B: {}, lora_E: {} },
  change(settings) {
    const { initR, alpha, dropout, adapterName } = settings;
    return ({ path, shape, parameter }) => {
      const [out, width] = shape as [number, number];
      const rank = rankOf(settings, path);
      if (rank === 0) return { delta: [] };
      const a = parameter('lora_A.*', [rank, width], small);
      const e = parameter('lora_E.*', [rank, 1], { kind: 'constant', value: 0 });
      const b = parameter('lora_B.*', [out, rank], small);
      return {
        delta: [{ matrix: a }, { scale: reshape(e, [rank]) }, { matrix: b }, { scale: alpha / (initR + 1e-5) }],
        dropout: { rate: dropout, site: `lora_dropout.${adapterName}` },
      };
    };
  },
  penalty({ orthRegWeight }, part, layers) {
    if (part === 'lora_E') return undefined;
    return orthogonality(orthRegWeight / (2 * layers), part === 'lora_A');
  },
  afterUpdate(settings, layers, { steps, trainable }) {
    const { adapterName, keptTriplets, totalStep = steps, tinit, tfinal } = settings;
    if (totalStep === Number.MAX_SAFE_INTEGER) throw noPlan('needs to know how many steps there are', 'totalStep');
    if (keptTriplets) throw noPlan('has given its ranks away: its file says what is left', 'keptTriplets');
    if (tinit >= totalStep - tfinal) {
      throw noPlan(
        `has no step between tinit ${tinit} and the last ${tfinal} of ${totalStep} to choose ranks in`,
        'tinit',
      );
    }
    const shapes = new Map(trainable.map(({ name, type }) => [name, type.shape]));
    const triplets = layers.map(({ path }) => {
      const own = (part: string) => `${path}.${part}.${adapterName}`;
      return { a: own('lora_A'), b: own('lora_B'), e: own('lora_E') };
    });
    return rankAllocation(triplets, (name) => shapes.get(name) ?? [], settings, totalStep);
  },
  async toSave(settings, weights) {
    const ending = `.lora_E.${settings.adapterName}`;
    const values = [...weights].filter(([name]) => name.endsWith(ending));
    const kept = values.map(([name, { data }]) => [name, Array.from(data, (value) => value !== 0)] as const);
    if (kept.every(([, each]) => each.every(Boolean)) || !kept.some(([, each]) => each.some(Boolean))) return undefined;
    return shrunk(settings, weights, kept);
  },
});

const noPlan = (problem: string, field: string): AttuneError =>
  new AttuneError('E_STRATEGY', `adalora ${problem}.`, {
    field,
    hint: field === 'keptTriplets' ? 'Merge it, or set inferenceMode.' : 'Set totalStep, tinit and tfinal to fit.',
  });

function rankProblem({ initR, targetR }: Pick<AdaloraSettings, 'initR' | 'targetR'>): OptionProblem | undefined {
  return targetR > initR ? { field: 'targetR', problem: `is more than initR, ${initR}` } : undefined;
}

const rankOf = ({ keptTriplets, initR }: AdaloraSettings, path: string): number =>
  keptTriplets?.[`${path}.lora_E`]?.filter(Boolean).length ?? initR;

/**
 * strength * |P P^T - 1| of a matrix [r, in], or of the transpose of one, in the Frobenius norm.
 */
function orthogonality(strength: number, isWide: boolean): Penalty {
  const parts = (parameter: Value) => {
    const wide = isWide ? parameter : transpose(parameter, [1, 0]);
    const rest = sub(matmul(wide, transpose(wide, [1, 0])), identity(wide.builder, wide.type.shape[0]!));
    return { wide, rest, norm: sqrt(sum(mul(rest, rest))) };
  };
  return {
    reads: [],
    tensors: () => ({}),
    value: (parameter) => mul(parts(parameter).norm, strength),
    gradient(parameter) {
      const { wide, rest, norm } = parts(parameter);
      const gradient = mul(matmul(rest, wide), div(2 * strength, maximum(norm, 1e-30)));
      return isWide ? gradient : transpose(gradient, [1, 0]);
    },
  };
}

/** Without the triplets whose singular value is 0, as PEFT saves it. */
function shrunk(
  settings: AdaloraSettings,
  weights: Weights,
  kept: readonly (readonly [string, readonly boolean[]])[],
): { readonly settings: AdaloraSettings; readonly weights: Weights } {
  const result = new Map(weights);
  const keptTriplets: Record<string, boolean[]> = {};
  for (const [name, isKept] of kept) {
    const own = (part: string) => name.replace('.lora_E.', `.${part}.`);
    keptTriplets[name.slice(0, name.lastIndexOf('.'))] = [...isKept];
    for (const [part, axis] of [
      ['lora_E', 0],
      ['lora_A', 0],
      ['lora_B', 1],
    ] as const) {
      const tensor = result.get(own(part));
      if (tensor) result.set(own(part), alongAxis(tensor, axis, isKept));
    }
  }
  return { settings: { ...settings, keptTriplets }, weights: result };
}

function alongAxis({ type, data }: HostTensor, axis: 0 | 1, isKept: readonly boolean[]): HostTensor {
  const [rows, columns] = type.shape as [number, number];
  const count = isKept.filter(Boolean).length;
  const numbers = Array.from(data).filter((_, at) => isKept[axis === 0 ? Math.floor(at / columns) : at % columns]);
  return hostTensor(axis === 0 ? [count, columns] : [rows, count], numbers);
}

/**
 * Adds alpha / initR * B E A, whose singular values E the training of the budget's phase sets to 0 where they matter least, and
 * keeps A and B orthogonal; events show the loss without that. Training goes by `totalStep`, `tinit` and `tfinal`.
 * @throws AttuneError `E_CONFIG` for options that are wrong; `E_STRATEGY` (in `adapt`) where no layer is a target, and in
 * training for a plan without a step to choose ranks in
 */
export const adalora = (options: AdaloraOptions = {}): Strategy => adaloraMethod.strategy(options);
