import { AttuneError, type HostTensor } from '@attune/ir';
import {
  type CheckedGenerateOptions,
  checkedOptions,
  endTokensOf,
  type GenerateOptions,
} from './generation-options.js';
import { TokenChooser } from './token-chooser.js';

/** The options of a text. Among several it ends when its signal is aborted. */
export type TextOptions = GenerateOptions & { readonly signal?: AbortSignal | undefined };

/** A text in the making: what was written, and how the next token is chosen. */
export class Text {
  readonly options: CheckedGenerateOptions;
  readonly prompt: readonly number[];
  readonly written: number[] = [];
  readonly #chooser: TokenChooser;
  readonly #ends: ReadonlySet<number>;
  readonly signal: AbortSignal | undefined;
  #hasEnded = false;

  /** @param row of the texts that have these options in common @throws AttuneError `E_CONFIG` */
  constructor(prompt: readonly number[], { signal, ...options }: TextOptions, row = 0) {
    this.options = checkedOptions(options);
    this.prompt = prompt;
    this.#chooser = new TokenChooser(this.options, row);
    this.#ends = new Set(endTokensOf(this.options));
    this.signal = signal;
  }

  get needsScores(): boolean {
    return this.#chooser.needsScores || this.options.outputLogits;
  }

  /** The next token by what a pass made for all rows; undefined if the text has ended. @throws AttuneError `E_CONFIG` */
  next({ data, type }: HostTensor, row: number): number | undefined {
    const isOver = this.#hasEnded || this.written.length === this.options.maxNewTokens;
    if (isOver || this.signal?.aborted) return undefined;
    const words = type.shape.at(-1)!;
    const token =
      type.dtype === 'i32'
        ? data[row]!
        : this.#chooser.choose(new Float32Array(data.subarray(row * words, (row + 1) * words)), this);
    this.#hasEnded = this.#ends.has(token);
    if (this.#hasEnded) return undefined;
    this.written.push(token);
    return token;
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
