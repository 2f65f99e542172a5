/** What a request may ask for. */
export interface Limits {
  /** Bytes of a body. */
  readonly maxBodyBytes: number;
  /** Tokens of prompt and answer together. */
  readonly maxContext: number;
  /** Tokens of an answer; also what it may have if the request does not say. */
  readonly maxNewTokens: number;
  /** Requests that wait, beside those that are answered. */
  readonly maxQueue: number;
  /** Texts that are written at once. */
  readonly maxBatch: number;
  /** Stop strings and bad words of a request, each. */
  readonly maxStrings: number;
  /** Texts of a request: inputs of embeddings and classes, prompts of completions. */
  readonly maxInputs: number;
}
