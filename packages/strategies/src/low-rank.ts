/** What LoRA and the methods that build on it share: a weight that changes by scaling * B A. */
import { type HostDerivation, type Initializer, kaimingUniform, type StrategyRecipe } from '@attune/core';
import { fullRecipe, roundedRate } from '@attune/core/internal';
import * as z from 'zod/mini';
import type { AdaptedLayer } from './adapters/adapted-layer.js';
import type { LayerChange } from './adapters/layer-change.js';
import { pathEnd, patternBudget } from './adapters/patterns.js';
import { targetShape } from './adapters/target-options.js';

/** The options of LoRA and of what builds on it. */
export const lowRankShape = {
  ...targetShape,
  /** Rank of the update; 8 by default. */
  r: z._default(z.int().check(z.positive()), 8),
  /** The update is scaled by alpha / r (or alpha / sqrt(r) with rslora); 8 by default. */
  alpha: z._default(z.number().check(z.positive()), 8),
  /** Dropout on the input of the update while training; 0 by default. */
  dropout: z._default(z.number().check(z.minimum(0), z.lt(1)), 0),
  bias: z._default(z.enum(['none', 'all', 'lora_only']), 'none'),
  rslora: z._default(z.boolean(), false),
  /** Ranks and alphas of layers whose path ends in the key, a regular expression. */
  rankPattern: z._default(z.record(z.string(), z.int().check(z.positive())), {}),
  alphaPattern: z._default(z.record(z.string(), z.number().check(z.positive())), {}),
};

/** The options of methods whose update is a product of low-rank matrices of another kind. */
export const productShape = {
  ...targetShape,
  r: lowRankShape.r,
  alpha: lowRankShape.alpha,
  rankPattern: lowRankShape.rankPattern,
  alphaPattern: lowRankShape.alphaPattern,
};

export const productFields = {
  r: 'r',
  alpha: 'alpha',
  rankPattern: 'rank_pattern',
  alphaPattern: 'alpha_pattern',
} as const;

/** What PEFT's files of these have beside the options: where dropout was while PEFT trained, and what is for convolutions. */
export const productFile = {
  constants: { init_weights: true },
  harmless: ['module_dropout', 'rank_dropout', 'use_effective_conv2d'],
} as const;

const lowRankSchema = z.strictObject(lowRankShape);
export type LowRankSettings = z.output<typeof lowRankSchema>;

export const lowRankFields = {
  r: 'r',
  alpha: 'lora_alpha',
  dropout: 'lora_dropout',
  bias: 'bias',
  rslora: 'use_rslora',
  rankPattern: 'rank_pattern',
  alphaPattern: 'alpha_pattern',
} as const;

/** What PEFT's files of LoRA have beside the options. */
export const lowRankFile = {
  /** Where an adapter comes from and how it was started. */
  harmless: [
    'loftq_config',
    'eva_config',
    'corda_config',
    'lora_ga_config',
    'runtime_config',
    'megatron_core',
    'qalora_group_size',
    'ensure_weight_tying',
  ],
  /** Options of PEFT that change the formula. */
  refused: [
    'use_qalora',
    'use_bdlora',
    'alora_invocation_tokens',
    'arrow_config',
    'layer_replication',
    'megatron_config',
    'target_parameters',
    'trainable_token_indices',
    'kasa_config',
    'velora_config',
    'monteclora_config',
  ],
  problem({ init_lora_weights: init }: Readonly<Record<string, unknown>>) {
    if (plainInitialisations.includes(init)) return undefined;
    return {
      field: 'init_lora_weights',
      message: `init_lora_weights is ${JSON.stringify(init)}, which changes the base's weights`,
      hint: 'Convert it in PEFT: save_pretrained(..., path_initial_model_for_weight_conversion=...).',
    };
  },
};

/** Initialisations that leave the base's weights alone; PEFT changes them for the others (`pissa`, `olora` …). */
const plainInitialisations: readonly unknown[] = [undefined, null, true, false, 'gaussian', 'orthogonal', 'eva'];

/**
 * Ten times the rate of full fine-tuning (Hu et al. 2021, table 9: 4e-4 to 5e-4 for RoBERTa-base, whose full rate is 2e-5
 * to 5e-5; Schulman et al. 2025 find the same ratio).
 */
export const lowRankRecipe: StrategyRecipe = {
  learningRate: (width) => roundedRate(10 * fullRecipe.learningRate(width)),
  epochFactor: 1.5,
};

export const lowRankKinds = { linear: true, embedding: true, layer_norm: false, rms_norm: false } as const;

const zero: Initializer = { kind: 'constant', value: 0 };

/** How the matrices of a linear layer start. */
export interface LinearStarts {
  readonly a: Initializer | HostDerivation;
  readonly b: Initializer | HostDerivation;
}

/** As PEFT has it by default. */
const defaultStarts = ({ shape }: AdaptedLayer): LinearStarts => ({ a: kaimingUniform(shape[1]!), b: zero });

/** The layers' change, where A starts at random and B at 0 by default; of embeddings A is 0 and B random. */
export function lowRankChange(
  settings: LowRankSettings,
  startsOf: (layer: AdaptedLayer) => LinearStarts = defaultStarts,
): (layer: AdaptedLayer) => LayerChange {
  const { adapterName, dropout } = settings;
  const scaleOf = layerScales(settings);
  return (layer) => {
    const { rank, scaling } = scaleOf(layer.path);
    const [a, b] =
      layer.kind === 'embedding' ? embeddingMatrices(layer, rank) : linearMatrices(layer, rank, startsOf(layer));
    return {
      delta: [{ matrix: a }, { matrix: b }, { scale: scaling }],
      dropout: { rate: dropout, site: `lora_dropout.${adapterName}` },
    };
  };
}

function linearMatrices({ parameter, shape }: AdaptedLayer, rank: number, { a, b }: LinearStarts) {
  const [out, width] = shape as [number, number];
  return [parameter('lora_A.*.weight', [rank, width], a), parameter('lora_B.*.weight', [out, rank], b)] as const;
}

function embeddingMatrices({ parameter, shape }: AdaptedLayer, rank: number) {
  const [rows, width] = shape as [number, number];
  return [
    parameter('lora_embedding_A.*', [rank, rows], zero),
    parameter('lora_embedding_B.*', [width, rank], { kind: 'normal', standardDeviation: 1 }),
  ] as const;
}

/** Rank and scaling of a layer by its path. */
export function layerScales({
  r,
  alpha,
  rslora,
  rankPattern,
  alphaPattern,
}: LowRankSettings): (path: string) => { readonly rank: number; readonly scaling: number } {
  const rankOf = layerRanks({ r, alpha, rankPattern, alphaPattern });
  return (path) => {
    const { rank, alpha: own } = rankOf(path);
    return { rank, scaling: own / (rslora ? Math.sqrt(rank) : rank) };
  };
}

type RankSettings = Pick<LowRankSettings, 'r' | 'alpha' | 'rankPattern' | 'alphaPattern'>;

/** Rank and alpha of a layer by its path; a pattern's key matches the end of the path. */
export function layerRanks({
  r,
  alpha,
  rankPattern,
  alphaPattern,
}: RankSettings): (path: string) => { readonly rank: number; readonly alpha: number } {
  const budget = patternBudget();
  const valueAt = (pattern: Readonly<Record<string, number>>) => {
    const values = Object.entries(pattern).map(([key, value]) => ({ isAt: pathEnd(key, budget), value }));
    return (path: string) => values.find(({ isAt }) => isAt(path))?.value;
  };
  const [rankOf, alphaOf] = [valueAt(rankPattern), valueAt(alphaPattern)];
  return (path) => ({ rank: rankOf(path) ?? r, alpha: alphaOf(path) ?? alpha });
}
