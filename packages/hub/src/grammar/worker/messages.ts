/** What a grammar's worker hears and says. */

/** How the tokens of a tokenizer spell bytes, as the library calls it. */
export type Spelling = 'byte_level' | 'byte_fallback';

export type GrammarRequest =
  | {
      readonly kind: 'load';
      readonly id: number;
      /** The address of the library's file. */
      readonly library: string;
      /** By their ids; empty for special ones and ids without a token, which stand in no text. */
      readonly tokens: readonly string[];
      readonly spelling: Spelling;
    }
  | { readonly kind: 'schema'; readonly id: number; readonly schema: string }
  | {
      readonly kind: 'next';
      readonly id: number;
      readonly text: number;
      readonly endTokens: readonly number[];
      /** What was written since the last time. */
      readonly written: readonly number[];
    }
  | { readonly kind: 'end'; readonly id: number; readonly text: number };

export type GrammarAnswer =
  /** It has begun, so that the time runs. */
  | { readonly kind: 'ready' }
  /** Also that of `next` for a text that is over. */
  | { readonly kind: 'done'; readonly id: number }
  | { readonly kind: 'allowed'; readonly id: number; readonly allowed: Int32Array }
  | { readonly kind: 'error'; readonly id: number; readonly problem: string };
