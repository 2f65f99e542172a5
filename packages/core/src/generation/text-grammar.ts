/** Texts that follow a grammar, such as that of a JSON schema: it says for each token which may be chosen. */

/** One text under a grammar. */
export interface GrammarState extends Disposable {
  /**
   * @param written all tokens of the text so far, those of the last call among them
   * @returns a bit for each token that may come next, that of token t being bit t % 32 of element t >> 5; undefined if the
   * text is over
   */
  next(written: readonly number[]): Promise<Int32Array | undefined>;
}

export interface TextGrammar {
  /** @param endTokens that may end a text wherever the grammar lets it end */
  begin(endTokens: readonly number[]): GrammarState;
}

/** Takes the tokens out of the choice whose bits are not set, or that have none. */
export function keepAllowed(scores: Float32Array, allowed: Int32Array): void {
  for (let token = 0; token < scores.length; token++) {
    if ((((allowed[token >> 5] ?? 0) >>> (token & 31)) & 1) === 0) scores[token] = -Infinity;
  }
}
