/** What a decoder is made of. A family maps its configuration to a plan, and the other files of this room compute it. */
import type { RotaryOptions } from '@attune/ir';

export interface DecoderPlan {
  readonly vocabulary: number;
  readonly width: number;
  readonly maxPositions: number;
  /** The row of the word embeddings that gets no gradient. */
  readonly paddingIndex: number | null;
  /** Standard deviation of matrices that begin anew. */
  readonly initializerRange: number;
  readonly names: DecoderNames;
  /** How many there are, by config.json: nothing of that size is made before the weights are seen to have as many. */
  readonly layers: number;
  layer(index: number): LayerPlan;
  readonly attention: AttentionPlan;
  readonly mlp: MlpPlan;
  readonly norm: NormPlan;
  /** Factor on the word embeddings; 1 by default. */
  readonly embeddingScale?: number;
  /** Dropout of the embeddings, and of what attention and MLP give; 0 by default. */
  readonly dropout?: { readonly embedding: number; readonly residual: number };
  /** Whether attention and MLP read the same states and are added together, as in GPT-NeoX; false by default. */
  readonly isParallel?: boolean;
  /** Whether the word embeddings score the vocabulary too. */
  readonly isTied: boolean;
  /** Scores of the vocabulary become cap tanh(scores / cap). */
  readonly logitCap?: number | undefined;
}

/** What a layer has of its own. */
export interface LayerPlan {
  /** Absent for a layer that knows no positions. */
  readonly rotary?: RotaryOptions | undefined;
  /** How many tokens a token sees, itself among them; absent for all. */
  readonly window?: number | undefined;
  /** Factor on the scores of attention. */
  readonly scale: number;
}

export interface AttentionPlan {
  readonly heads: number;
  /** Heads of keys and values: each serves heads / keyHeads query heads. */
  readonly keyHeads: number;
  readonly headWidth: number;
  /** Whether the projections of query, key and value have biases. */
  readonly bias: boolean;
  readonly outputBias: boolean;
  readonly dropout: number;
  /** Whether query and key are normalised in each head, by `q_norm` and `k_norm`; false by default. */
  readonly normalizesHeads?: boolean;
  /** Scores become cap tanh(scores / cap). */
  readonly softCap?: number | undefined;
}

export interface MlpPlan {
  readonly width: number;
  /** The activation, by its Hugging Face name. */
  readonly activation: string;
  /** Whether the activation is a gate on a second projection. */
  readonly isGated: boolean;
  readonly bias: boolean;
}

/** Root mean square, also with 1 added to the weight, or layer normalisation. */
export interface NormPlan {
  readonly kind: 'rms' | 'rms_plus_one' | 'layer';
  readonly epsilon: number;
}

/** What transformers calls the parts. */
export interface DecoderNames {
  /** What all but the heads lies below. */
  readonly prefix: string;
  readonly embedding: string;
  /** Embeddings of the positions; absent without. */
  readonly positions?: string;
  readonly layers: string;
  /** Norms before attention and MLP, and, where there are such, behind them. */
  readonly norms: {
    readonly attention: string;
    readonly mlp: string;
    readonly attended?: string;
    readonly widened?: string;
  };
  readonly attention: string;
  /** Of query, key and value; one name for a layer of all three. */
  readonly projections: readonly string[];
  /** Whether a layer of all three has them head by head, as in GPT-NeoX, and not one behind the other; false by default. */
  readonly isByHead?: boolean;
  readonly attentionOutput: string;
  readonly mlp: string;
  /** Of gate and value; one name for a layer of both, or for an MLP without a gate. */
  readonly mlpInputs: readonly string[];
  readonly mlpOutput: string;
  readonly finalNorm: string;
  /** The layer that scores the vocabulary. */
  readonly head: string;
  /** What config.json calls the sizes. */
  readonly fields: { readonly width: string; readonly inner: string; readonly layers: string };
}
