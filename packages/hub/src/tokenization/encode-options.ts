/** What `Tokenizer.encode` takes: Hugging Face's options, checked. */
import { AttuneError } from '@attune/ir';
import * as z from 'zod/mini';
import { inEnglish } from '../english.js';
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
  /** Time for a batch of up to 256 texts or a hundred thousand characters; 2500 by default. */
  readonly budgetMilliseconds?: number;
  readonly signal?: AbortSignal;
}

const side = z.optional(z.enum(['right', 'left']));
const count = z.int().check(z.minimum(0));

const schema = z.strictObject({
  addSpecialTokens: z._default(z.boolean(), true),
  truncation: z._default(z.union([z.boolean(), z.enum(['longest_first', 'only_first', 'only_second'])]), false),
  maxLength: z.optional(count),
  truncationSide: side,
  stride: z._default(count, 0),
  padding: z._default(z.union([z.boolean(), z.enum(['longest', 'max_length'])]), false),
  padToMultipleOf: z.optional(z.int().check(z.minimum(1))),
  paddingSide: side,
  budgetMilliseconds: z._default(z.number().check(z.positive()), defaultBudgetMilliseconds),
  signal: z.optional(z.instanceof(AbortSignal)),
});

export type CheckedEncodeOptions = z.output<typeof schema>;

/** @throws AttuneError `E_CONFIG` that lists all problems */
export function checkEncodeOptions(options: EncodeOptions): CheckedEncodeOptions {
  const { data, error } = schema.safeParse(options, inEnglish);
  if (data) return data;
  const field = error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new AttuneError('E_CONFIG', `encode: ${z.prettifyError(error).replaceAll('\n', ' ')}`, { field });
}
