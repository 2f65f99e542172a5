import { AttuneError, type HostTensor } from '@attune/ir';
import {
  type CheckedGenerateOptions,
  checkedOptions,
  endTokensOf,
  type GenerateOptions,
} from './generation-options.js';
import { type GrammarState, keepAllowed, type TextGrammar } from './text-grammar.js';
import { TokenChooser } from './token-chooser.js';

/** The options of a text. Among several it ends when its signal is aborted. */
export type TextOptions = GenerateOptions & {
  readonly signal?: AbortSignal | undefined;
  /** What the text has to follow; anything by default. */
  readonly grammar?: TextGrammar | undefined;
};

/** A text in the making: what was written, and how the next token is chosen. */
export class Text implements Disposable {
  readonly options: CheckedGenerateOptions;
  readonly prompt: readonly number[];
  readonly written: number[] = [];
  readonly #chooser: TokenChooser;
  readonly #ends: ReadonlySet<number>;
  readonly signal: AbortSignal | undefined;
  readonly #grammar: TextGrammar | undefined;
  #state: GrammarState | undefined;
  /** What the grammar allows next. */
  #allowed: Int32Array | undefined;
  #hasEnded = false;

  /** @param row of the texts that have these options in common @throws AttuneError `E_CONFIG` */
  constructor(prompt: readonly number[], { signal, grammar, ...options }: TextOptions, row = 0) {
    this.options = checkedOptions(options);
    this.prompt = prompt;
    this.#chooser = new TokenChooser(this.options, row);
    this.#ends = new Set(endTokensOf(this.options));
    this.signal = signal;
    if (grammar && this.options.numBeams > 1) throw notWithBeams();
    this.#grammar = grammar;
  }

  get followsGrammar(): boolean {
    return this.#grammar !== undefined;
  }

  get needsScores(): boolean {
    return this.#chooser.needsScores || this.options.outputLogits || this.followsGrammar;
  }

  /** Asks the grammar what may come next, which takes a while: beside the pass that makes the scores. */
  async lookAhead(): Promise<void> {
    if (!this.#grammar || this.#isOver) return;
    this.#state ??= this.#grammar.begin([...this.#ends]);
    this.#allowed = await this.#state.next(this.written);
    this.#hasEnded ||= this.#allowed === undefined;
  }

  /** The next token by what a pass made for all rows; undefined if the text has ended. @throws AttuneError `E_CONFIG` */
  next({ data, type }: HostTensor, row: number): number | undefined {
    if (this.#isOver || this.signal?.aborted) return undefined;
    const words = type.shape.at(-1)!;
    const token =
      type.dtype === 'i32' ? data[row]! : this.#choose(new Float32Array(data.subarray(row * words, (row + 1) * words)));
    this.#hasEnded = this.#ends.has(token);
    if (this.#hasEnded) return undefined;
    this.written.push(token);
    return token;
  }

  [Symbol.dispose](): void {
    this.#state?.[Symbol.dispose]();
  }

  get #isOver(): boolean {
    return this.#hasEnded || this.written.length === this.options.maxNewTokens;
  }

  #choose(scores: Float32Array): number {
    if (this.#allowed) keepAllowed(scores, this.#allowed);
    return this.#chooser.choose(scores, this);
  }

  /** @throws AttuneError `E_TOO_LONG` */
  requireRoom(maxPositions: number): void {
    const { length } = this.prompt;
    const { maxNewTokens, maxCacheLength = Number.POSITIVE_INFINITY } = this.options;
    const needed = length + maxNewTokens;
    const beginning = `The prompt has ${length} tokens; with ${maxNewTokens} new ones it needs ${needed}`;
    if (needed > maxPositions) {
      throw new AttuneError('E_TOO_LONG', `${beginning} of the model's ${maxPositions} positions.`, {
        field: 'maxNewTokens',
        hint: `Ask for at most ${Math.max(0, maxPositions - length)} new tokens, or shorten the prompt.`,
      });
    }
    if (needed <= maxCacheLength) return;
    const fewer =
      maxCacheLength > length ? `ask for at most ${maxCacheLength - length} new tokens` : 'shorten the prompt';
    throw new AttuneError('E_TOO_LONG', `${beginning}, but the cache holds ${maxCacheLength}.`, {
      field: 'maxCacheLength',
      hint: `Set maxCacheLength to at least ${needed}, or ${fewer}.`,
    });
  }
}

const notWithBeams = (): AttuneError =>
  new AttuneError('E_CONFIG', 'A beam search follows no grammar.', {
    field: 'numBeams',
    hint: 'Leave out numBeams, or the schema.',
  });
