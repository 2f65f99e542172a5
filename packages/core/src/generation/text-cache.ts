/** Texts on the device as far as a model has read them: its cache or state, and where padding lies in it. */
import { AttuneError, type HostTensor, hostTensor, zeros } from '@attune/ir';
import type { PredictionContext } from '../learner/prediction.js';
import type { BatchTypes } from '../model.js';
import {
  cacheTypes,
  generationNames,
  type PassOutputs,
  traceGeneration,
  traceGrowth,
  traceReorder,
} from './trace-generation.js';

/** Rows are padded to a multiple of this, and caches to one of the other: texts of any length share a few programs. */
const [ROW_STEP, LENGTH_STEP] = [16, 64];

type Rows = readonly (readonly number[])[];

/** Caches have names of their own on the device: several texts may be written at the same time. */
let caches = 0;

export class TextCache implements Disposable {
  readonly batch: number;
  readonly #context: PredictionContext;
  readonly #doubles: boolean;
  readonly #prefix = `${caches++}/`;
  readonly #own = new Set<string>();
  /** The tokens in the places of the first row; undefined for padding. */
  readonly #places: (number | undefined)[] = [];
  /** i32 [batch, length]: 0 for padding, 1 for all other places, filled or not. */
  #mask: Int32Array = new Int32Array(0);
  #length = 0;
  /** The best next tokens as the device has them. */
  #chosen: readonly number[] | undefined;
  #computed = 0;

  /** @param doubles whether lengths double as it grows, for one that is gone on with: few programs serve all of them */
  constructor(context: PredictionContext, batch: number, { doubles = false } = {}) {
    this.#context = context;
    this.batch = batch;
    this.#doubles = doubles;
  }

  /** Tokens that were computed since the beginning, those of all rows, without padding. */
  get computed(): number {
    return this.#computed;
  }

  /** Places that are taken, with padding. */
  get position(): number {
    return this.#places.length;
  }

  /** Whether several tokens can be read behind others; virtual ones stand in front of each such pass. */
  get canGoOn(): boolean {
    return !this.#context.adapted.model.predictsFirstToken;
  }

  /** Whether tokens can be taken back: a state has no places. */
  get isRewindable(): boolean {
    return this.canGoOn && this.#context.adapted.model.cache !== undefined;
  }

  /**
   * Makes room for tokens of each row that are read at once, and for single ones after them.
   * @param fixed tokens that the cache holds, as `max_cache_len` of transformers' StaticCache; rows double in width from
   * size to size then, and all texts share the program of a further token
   * @returns the width of the rows
   */
  async allocate(tokens: number, later: number, fixed?: number): Promise<number> {
    const doubled = stepped(tokens, ROW_STEP);
    if (fixed === undefined) {
      const width = this.#doubles ? doubled : roundedUp(tokens, ROW_STEP);
      const length = this.position + width + later;
      await this.#extend(this.#doubles ? stepped(length, LENGTH_STEP) : roundedUp(length, LENGTH_STEP));
      return width;
    }
    await this.#extend(fixed);
    // The last token is not read again, so that its place is free.
    return Math.min(doubled, fixed - this.position - later + 1);
  }

  /**
   * Reads tokens of each row, with padding in front of shorter ones.
   * @param width of the rows with padding, for which there is room
   * @returns the best next token of each row, i32 [batch, 1], or scores
   */
  async read(rows: Rows, outputs: PassOutputs, width: number): Promise<HostTensor> {
    const { batch } = this;
    const { prompt, chosen } = generationNames;
    const ids = new Int32Array(batch * width);
    for (const [row, tokens] of rows.entries()) ids.set(tokens, (row + 1) * width - tokens.length);
    if (rows.some(({ length }) => length < width)) {
      for (const [row, { length }] of rows.entries()) {
        const start = row * this.#length + this.position;
        this.#mask.fill(0, start, start + width - length);
      }
      this.#setMask();
    }
    const given = new Map<string, HostTensor>();
    if (width > 1) given.set(prompt, hostTensor([batch, width], ids, 'i32'));
    else if (!this.#chosen || rows.some(([token], row) => token !== this.#chosen![row]))
      this.#set(chosen, hostTensor([batch, 1], ids, 'i32'));
    const [first = []] = rows;
    const padding = new Array<undefined>(width - first.length).fill(undefined);
    this.#computed += rows.reduce((sum, { length }) => sum + length, 0);
    return this.#run(width, outputs, given, [...padding, ...first]);
  }

  /**
   * Reads tokens of the only row at a width for which there is room; what stands behind them is for `keep` to take back.
   * @returns scores of all places, [1, width, vocabulary]
   */
  async readAhead(tokens: readonly number[], width: number): Promise<HostTensor> {
    const ids = new Int32Array(width);
    ids.set(tokens);
    this.#computed += tokens.length;
    const given = new Map([[generationNames.prompt, hostTensor([1, width], ids, 'i32')]]);
    return this.#run(width, 'allLogits', given, [...ids]);
  }

  /** Forgets all behind the first places of the only row. */
  keep(places: number): void {
    const forgotten = this.#places.splice(places);
    if (forgotten.length === 0) return;
    this.#chosen = undefined;
    if (forgotten.every((token) => token !== undefined)) return;
    this.#mask.fill(1, places);
    this.#setMask();
  }

  /**
   * Keeps what a text has in common with the only row, but for its last token, which is to be read.
   * @returns the tokens that remain to be read
   */
  continueWith(text: readonly number[]): readonly number[] {
    let known = 0;
    let places = 0;
    while (places < this.position && known < text.length - 1) {
      const token = this.#places[places];
      if (token !== undefined && token !== text[known]) break;
      if (token !== undefined) known++;
      places++;
    }
    if (this.isRewindable) this.keep(places);
    else if (places < this.position || !this.canGoOn) this.clear();
    return text.slice(this.position === 0 ? 0 : known);
  }

  /** Row r goes on from what was row `rows[r]`. */
  async reorder(rows: readonly number[]): Promise<void> {
    if (rows.every((from, row) => from === row)) return;
    const { compiler, tensors } = this.#context;
    const types = this.#types(this.#length);
    const program = await compiler.compile(`reorder/${this.batch}x${this.#length}`, () =>
      traceReorder(types, this.batch),
    );
    const order = hostTensor([this.batch], [...rows], 'i32');
    await tensors.run(program, new Map([[generationNames.rows, order]]), this.#nameOf);
  }

  [Symbol.dispose](): void {
    this.clear();
  }

  async #extend(needed: number): Promise<void> {
    const { compiler, tensors } = this.#context;
    if (needed <= this.#length) return;
    const types = this.#types(needed);
    if (this.#length === 0) {
      for (const [name, type] of Object.entries(types)) this.#set(generationNames.cache(name), zeros(type));
    } else {
      const before = this.#types(this.#length);
      const grown = Object.keys(types).filter((name) => `${before[name]!.shape}` !== `${types[name]!.shape}`);
      const pick = (from: BatchTypes) => Object.fromEntries(grown.map((name) => [name, from[name]!]));
      const program = await compiler.compile(`extend/${this.batch}x${this.#length}x${needed}`, () =>
        traceGrowth(pick(before), pick(types)),
      );
      await tensors.run(program, new Map(), this.#nameOf);
    }
    const mask = new Int32Array(this.batch * needed).fill(1);
    for (let row = 0; row < this.batch; row++)
      mask.set(this.#mask.subarray(row * this.#length, (row + 1) * this.#length), row * needed);
    this.#length = needed;
    this.#mask = mask;
    this.#setMask();
  }

  async #run(
    width: number,
    outputs: PassOutputs,
    given: Map<string, HostTensor>,
    places: readonly (number | undefined)[],
  ): Promise<HostTensor> {
    const { compiler, tensors, adapted } = this.#context;
    const { position, chosen, logits } = generationNames;
    given.set(position, hostTensor([], [this.position], 'i32'));
    // Of a cache that is gone on with, later passes are as wide, and share the program.
    const isFirst = this.position === 0 && width > 1 && !this.#doubles && adapted.model.cache !== undefined;
    const pass = { ...adapted, batch: this.batch, tokens: width, length: this.#length, isFirst, outputs };
    const key = `generate/${this.batch}x${width}x${this.#length}/${isFirst ? 'first/' : ''}${outputs}`;
    const program = await compiler.compile(key, () => traceGeneration(pass));
    if (outputs === 'chosen' && !this.#own.has(chosen))
      this.#set(chosen, zeros({ shape: [this.batch, 1], dtype: 'i32' }));
    const made = await tensors.run(program, given, this.#nameOf);
    this.#places.push(...places);
    const scores = made.get(logits);
    if (scores) {
      this.#chosen = undefined;
      return scores;
    }
    const best = await tensors.download(this.#nameOf(chosen));
    this.#chosen = Array.from(best.data);
    return best;
  }

  #types(length: number) {
    return cacheTypes({ model: this.#context.adapted.model, batch: this.batch, length });
  }

  #setMask(): void {
    this.#set(generationNames.mask, hostTensor([this.batch, this.#length], this.#mask, 'i32'));
  }

  #set(port: string, tensor: HostTensor): void {
    this.#own.add(port);
    this.#context.tensors.set(this.#nameOf(port), tensor);
  }

  /** Forgets everything. */
  clear(): void {
    for (const port of this.#own) this.#context.tensors.delete(this.#nameOf(port));
    this.#own.clear();
    this.#places.length = 0;
    this.#length = 0;
    this.#mask = new Int32Array(0);
    this.#chosen = undefined;
  }

  readonly #nameOf = (port: string): string =>
    this.#own.has(port) ? this.#prefix + port : (this.#context.nameOf?.(port) ?? port);
}

/** The first of step, 2 step, 4 step, … that is large enough. */
const stepped = (count: number, step: number): number => step * 2 ** Math.max(0, Math.ceil(Math.log2(count / step)));

const roundedUp = (count: number, step: number): number => Math.ceil(count / step) * step;

/** @throws AttuneError `E_MODEL_UNSUPPORTED` */
export const requireWriter = ({ adapted: { model } }: PredictionContext): unknown =>
  cacheTypes({ model, batch: 1, length: 1 });

/** @throws AttuneError `E_DATA` */
export function requirePrompts(prompts: Rows): void {
  const empty = prompts.findIndex((prompt) => prompt.length === 0);
  if (prompts.length > 0 && empty < 0) return;
  const message = prompts.length === 0 ? 'There is no prompt.' : `Prompt ${empty + 1} has no token.`;
  throw new AttuneError('E_DATA', message, { field: 'prompts', hint: 'Begin with at least one token.' });
}
