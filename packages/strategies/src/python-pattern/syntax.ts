/** What a regular expression is made of, and how one can be wrong. */

/** Whether a character (one code point) belongs to a set. */
export type CharacterTest = (character: string) => boolean;

/** A place between two characters. */
export type Place = 'start' | 'end' | 'very-end' | 'line-start' | 'line-end' | 'word-edge' | 'no-word-edge';

export type PatternNode =
  | { readonly kind: 'character'; readonly test: CharacterTest }
  | { readonly kind: 'place'; readonly place: Place }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'either'; readonly options: readonly PatternNode[] }
  | { readonly kind: 'group'; readonly name: string | undefined; readonly inner: PatternNode }
  | {
      readonly kind: 'repeat';
      readonly inner: PatternNode;
      readonly least: number;
      /** Infinity for no bound. */
      readonly most: number;
      readonly isLazy: boolean;
    };

/** Why a pattern cannot be used: it is malformed, or asks for what this matcher does not have. */
export class PatternProblem extends Error {
  /** True if Python would take the pattern. */
  readonly isUnsupported: boolean;

  constructor(message: string, isUnsupported = false) {
    super(message);
    this.name = 'PatternProblem';
    this.isUnsupported = isUnsupported;
  }
}
