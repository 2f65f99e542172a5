/** What a tokenizer's worker hears and says. */
import type { AttuneErrorDetails, ErrorCode } from '@attune/ir';
import type { TextTokens } from '../encoding.js';
import type { SentParts } from '../parts.js';

export interface EncodeRequest {
  /** The tokenizer, in the first message. */
  readonly parts?: SentParts;
  readonly file: string;
  readonly texts: readonly string[];
  /** The time for all of it. */
  readonly milliseconds: number;
}

export type WorkerMessage =
  /** It has begun, so that the time runs. */
  | { readonly kind: 'ready' }
  /** The part of tokenizer.json that is at work. */
  | { readonly kind: 'enter'; readonly field: string }
  | { readonly kind: 'tokens'; readonly tokens: readonly Omit<TextTokens, 'text'>[] }
  | {
      readonly kind: 'error';
      readonly code: ErrorCode;
      readonly message: string;
      readonly details: AttuneErrorDetails;
    };
