/** What a tokenizer's worker hears and says. */
import type { AttuneErrorDetails, ErrorCode } from '@attune/ir';
import type { Definition } from '../definition.js';
import type { TextTokens } from '../encoding.js';

export interface EncodeRequest {
  /** tokenizer.json, in the first message. */
  readonly definition?: Definition;
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
