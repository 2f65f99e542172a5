/** What `Tokenizer.encode` takes: Hugging Face's options, checked. */
import { AttuneError } from '@attune/ir';
import { z } from 'zod';
import { defaultBudgetMilliseconds } from './budget.js';
import type { Side, TruncationStrategy } from './truncation.js';

/** One text, or two that are encoded together. */
export type EncodeInput = string | { readonly text: string; readonly textPair?: string | undefined };

export interface EncodeOptions {
  /** Puts the special tokens of the model around the texts; true by default. */
  readonly addSpecialTokens?: boolean;
  /** Cuts to `maxLength`; true is `longest_first`. False by default. */
  readonly truncation?: boolean | TruncationStrategy;
  /** Tokens with special ones; the model's length by default. */
  readonly maxLength?: number;
  /** The side that is cut off; the tokenizer's own by default. */
  readonly truncationSide?: Side;
  /** Tokens that each of the `overflowing` windows shares with the one before; 0 by default. */
  readonly stride?: number;
  /** True is `longest`; `max_length` pads to `maxLength`. False by default. */
  readonly padding?: boolean | 'longest' | 'max_length';
  readonly padToMultipleOf?: number;
  /** Where the padding goes; the tokenizer's own by default. */
  readonly paddingSide?: Side;
  /** Time for a batch of up to 256 texts or a million characters; 3000 by default. */
  readonly budgetMilliseconds?: number;
  readonly signal?: AbortSignal;
}

const side = z.enum(['right', 'left']).optional();
const count = z.int().min(0);

const schema = z.strictObject({
  addSpecialTokens: z.boolean().default(true),
  truncation: z
    .boolean()
    .or(z.enum(['longest_first', 'only_first', 'only_second']))
    .default(false),
  maxLength: count.optional(),
  truncationSide: side,
  stride: count.default(0),
  padding: z
    .boolean()
    .or(z.enum(['longest', 'max_length']))
    .default(false),
  padToMultipleOf: z.int().min(1).optional(),
  paddingSide: side,
  budgetMilliseconds: z.number().positive().default(defaultBudgetMilliseconds),
  signal: z.instanceof(AbortSignal).optional(),
});

export type CheckedEncodeOptions = z.output<typeof schema>;

/** @throws AttuneError `E_CONFIG` that lists all problems */
export function checkEncodeOptions(options: EncodeOptions): CheckedEncodeOptions {
  const { data, error } = schema.safeParse(options);
  if (data) return data;
  const field = error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new AttuneError('E_CONFIG', `encode: ${z.prettifyError(error).replaceAll('\n', ' ')}`, { field });
}
