/** What the sides of the WebGPU benchmark train: the sizes of a model, and batches that are the same for all of them. */
import { uniformUnit } from '@attune/core/internal';

export interface Task {
  /** `bert`: an encoder that classifies texts; `gpt`: a decoder of GPT-2's shape, with tied embeddings, that predicts tokens. */
  readonly kind: 'bert' | 'gpt';
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  /** Width of the feed-forward layers. */
  readonly inner: number;
  readonly vocabulary: number;
  readonly batch: number;
  readonly tokens: number;
}

export const tasks = {
  bert: { kind: 'bert', layers: 2, width: 128, heads: 2, inner: 512, vocabulary: 30_522, batch: 8, tokens: 32 },
  gpt: { kind: 'gpt', layers: 4, width: 256, heads: 4, inner: 1024, vocabulary: 8192, batch: 4, tokens: 64 },
  // The size of MiniLM with a usual batch: for GPUs, as it takes a software adapter minutes.
  minilm: { kind: 'bert', layers: 6, width: 384, heads: 12, inner: 1536, vocabulary: 30_522, batch: 16, tokens: 128 },
  // Only to see whether the sides agree.
  'tiny-bert': { kind: 'bert', layers: 1, width: 16, heads: 2, inner: 32, vocabulary: 64, batch: 2, tokens: 8 },
  'tiny-gpt': { kind: 'gpt', layers: 1, width: 16, heads: 2, inner: 32, vocabulary: 64, batch: 2, tokens: 8 },
} as const satisfies Record<string, Task>;

/** AdamW on all parameters, without clipping, with one learning rate. */
export const optimizer = { learningRate: 1e-4, weightDecay: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

export const CLASSES = 2;
export const NORM_EPSILON = { bert: 1e-12, gpt: 1e-5 } as const;
/** The label of what is no target. */
export const IGNORED = -100;

export interface TokenBatch {
  /** [batch, tokens]; 0 is padding. */
  readonly ids: Int32Array;
  /** [batch, tokens], 1 where there is a token. */
  readonly mask: Int32Array;
  /** A class per text, [batch], or the next token of each, [batch, tokens]. */
  readonly labels: Int32Array;
}

/** Batches of random tokens. Texts of `bert` have three quarters of the tokens or more, those of `gpt` all. */
export function batchesOf(task: Task, count: number): readonly TokenBatch[] {
  return Array.from({ length: count }, (_, index) => batchOf(task, `batch ${index}`));
}

function batchOf({ kind, batch, tokens, vocabulary }: Task, name: string): TokenBatch {
  const random = uniformUnit(batch * (tokens + 2), 0, name);
  const pick = (at: number, count: number) => Math.floor(random[at]! * count);
  const lengths = Array.from({ length: batch }, (_, row) =>
    kind === 'gpt' ? tokens : tokens - pick(batch * tokens + row, tokens / 4),
  );
  const isToken = (at: number) => at % tokens < lengths[Math.floor(at / tokens)]!;
  const ids = Int32Array.from({ length: batch * tokens }, (_, at) => (isToken(at) ? 1 + pick(at, vocabulary - 1) : 0));
  const labels =
    kind === 'gpt'
      ? ids.map((_, at) => (at % tokens === tokens - 1 ? IGNORED : ids[at + 1]!))
      : Int32Array.from({ length: batch }, (_, row) => pick(batch * (tokens + 1) + row, CLASSES));
  return { ids, mask: ids.map((_, at) => Number(isToken(at))), labels };
}

/** One training step, as it is timed: a batch goes to the device, a loss comes back. */
export interface StepResult {
  readonly loss: number;
  /** JavaScript's part: until all work is submitted. */
  readonly hostMilliseconds: number;
}

export interface Side {
  /** What is known of one step, for the report. */
  readonly facts: () => Promise<Readonly<Record<string, number>>>;
  readonly step: (batch: TokenBatch) => Promise<StepResult>;
}
