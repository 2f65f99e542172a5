/** Hugging Face tokenizers (tokenizer.json) on top of @huggingface/tokenizers. */
import { AttuneError } from '@attune/ir';
import { label, readJson, type Storage } from './storage.js';
import { Budget, budgetError, defaultBudgetMilliseconds } from './tokenization/budget.js';
import { foreignDecoderField } from './tokenization/decoder-patterns.js';
import { isRecord } from './tokenization/definition.js';
import {
  type CheckedEncodeOptions,
  checkEncodeOptions,
  type EncodeInput,
  type EncodeOptions,
} from './tokenization/encode-options.js';
import type { Encoding, TextTokens } from './tokenization/encoding.js';
import { padAll } from './tokenization/padding.js';
import { type OpenPatternWorker, openPatternWorker, type PatternWorker } from './tokenization/pattern-worker.js';
import type { Steps } from './tokenization/patterns.js';
import { Pipeline } from './tokenization/pipeline.js';
import { runInline, runInRounds } from './tokenization/run-steps.js';
import { createTemplate, type Template } from './tokenization/template.js';
import type { Side, TruncationStrategy } from './tokenization/truncation.js';
import { windowEncodings } from './tokenization/windows.js';

export type { EncodeInput, EncodeOptions } from './tokenization/encode-options.js';
export { codePointOffsets, type Encoding, type Offsets } from './tokenization/encoding.js';
export type { OpenPatternWorker, PatternWorker } from './tokenization/pattern-worker.js';
export type { Side, TruncationStrategy } from './tokenization/truncation.js';

export interface TokenizerOptions {
  /** Where patterns run that Attune does not know; a worker of the platform by default. */
  readonly openPatternWorker?: OpenPatternWorker;
}

/** Texts that share a budget. */
const batchTexts = 256;
const batchUnits = 1_000_000;
/** How long texts are encoded before other work gets its turn. */
const turnMilliseconds = 30;

export class Tokenizer {
  /** How error messages call it. */
  readonly name: string;
  readonly padTokenId: number;
  /** Undefined where the tokenizer has no mask token. */
  readonly maskTokenId: number | undefined;
  readonly vocabularySize: number;
  /** The longest text that the model takes, as tokenizer_config.json says; infinite where it does not. */
  readonly modelMaxLength: number;
  /** Whether all patterns are known, so that `encodeText` serves. */
  readonly isInline: boolean;
  readonly #pipeline: Pipeline;
  readonly #template: Template;
  readonly #padding: { readonly token: string; readonly typeId: number; readonly side: Side };
  readonly #truncationSide: Side;
  readonly #openWorker: OpenPatternWorker;
  readonly #foreignDecoderField: string | undefined;

  /** @throws AttuneError `E_TOKENIZER` that names the field that is malformed or not supported */
  constructor(
    name: string,
    tokenizer: Readonly<Record<string, unknown>>,
    config: Readonly<Record<string, unknown>>,
    options: TokenizerOptions = {},
  ) {
    this.name = name;
    this.#pipeline = new Pipeline(tokenizer, config, name);
    this.isInline = this.#pipeline.isInline;
    if (this.isInline) runInline(this.#pipeline.prepare(new Budget(name, defaultBudgetMilliseconds)), name);
    const { library } = this.#pipeline;
    this.#template = createTemplate(tokenizer.post_processor, name, (token) => library.token_to_id(token));
    const padToken = tokenContent(config.pad_token) ?? '[PAD]';
    this.padTokenId = library.token_to_id(padToken) ?? 0;
    this.maskTokenId = library.token_to_id(tokenContent(config.mask_token) ?? '[MASK]');
    this.vocabularySize = library.get_vocab(true).size;
    const limit = config.model_max_length;
    this.modelMaxLength = typeof limit === 'number' && limit < 1e6 ? limit : Number.POSITIVE_INFINITY;
    const typeId = Number(config.pad_token_type_id ?? 0);
    this.#padding = { token: padToken, typeId, side: config.padding_side === 'left' ? 'left' : 'right' };
    this.#truncationSide = config.truncation_side === 'left' ? 'left' : 'right';
    this.#openWorker = options.openPatternWorker ?? openPatternWorker;
    this.#foreignDecoderField = foreignDecoderField(tokenizer.decoder, name);
  }

  /**
   * Encodes texts and pairs with truncation and padding. Foreign patterns run in a worker; other work gets its turn.
   * @throws AttuneError `E_TOKENIZER_BUDGET` naming the part of tokenizer.json that took too long, `E_TOO_LONG` where
   * the truncation strategy cannot reach `maxLength`, `E_CONFIG` for bad options
   */
  async encode(inputs: readonly EncodeInput[], options: EncodeOptions = {}): Promise<readonly Encoding[]> {
    const checked = checkEncodeOptions(options);
    const encodings: Encoding[] = [];
    let turn = performance.now();
    for (const batch of batchesOf(inputs)) {
      if (performance.now() - turn > turnMilliseconds) {
        await new Promise((resolve) => setTimeout(resolve));
        turn = performance.now();
      }
      checked.signal?.throwIfAborted();
      const texts = await this.#tokens(
        batch.flatMap((input) => textsOf(input)),
        new Budget(this.name, checked.budgetMilliseconds),
      );
      let position = 0;
      for (const input of batch) {
        const count = textsOf(input).length;
        encodings.push(this.#assemble(texts.slice(position, position + count), checked));
        position += count;
      }
    }
    return this.#pad(encodings, checked);
  }

  /**
   * One text or a pair with the special tokens, cut to `maxLength`; of a pair, the longer gives way first.
   * @throws AttuneError as `encode`; `E_TOKENIZER_BUDGET` also where the tokenizer is not inline
   */
  encodeText(
    text: string,
    pair: string | undefined,
    maxLength: number,
    strategy: TruncationStrategy = 'longest_first',
  ): Encoding {
    const special = this.#specialCount(pair !== undefined);
    if (maxLength - special < 1) {
      const message = `maxLength is ${maxLength}; ${special} special tokens leave no room for text.`;
      throw new AttuneError('E_CONFIG', message, { field: 'maxLength' });
    }
    const budget = new Budget(this.name, defaultBudgetMilliseconds);
    const texts = textsOf({ text, textPair: pair }).map((each) =>
      runInline(this.#pipeline.tokens(each, budget), this.name),
    );
    return windowEncodings(texts, this.#template, {
      addSpecialTokens: true,
      room: maxLength - special,
      strategy,
      side: this.#truncationSide,
      stride: 0,
    });
  }

  /** Ids without special tokens. @throws AttuneError as `encodeText` */
  encodePlain(text: string): readonly number[] {
    return runInline(this.#pipeline.tokens(text, new Budget(this.name, defaultBudgetMilliseconds)), this.name).ids;
  }

  /** @throws AttuneError `E_TOKENIZER_BUDGET` where the decoder has a foreign pattern */
  decode(ids: readonly number[], { skipSpecialTokens = true }: { readonly skipSpecialTokens?: boolean } = {}): string {
    const field = this.#foreignDecoderField;
    if (field) throw budgetError(this.name, field, 'is not a known pattern', 'Decode with token() instead.');
    const { library, addedTokens } = this.#pipeline;
    const special = new Set(addedTokens.flatMap(({ id, special }) => (special ? [id] : [])));
    const kept = ids.filter((id) => !(skipSpecialTokens && special.has(id)) && library.id_to_token(id) !== undefined);
    if (kept.length === 0) return '';
    return library.decode([...kept], { skip_special_tokens: false, clean_up_tokenization_spaces: false });
  }

  /** Of the tokens whose ids a model with a vocabulary of that size does not have, the one with the largest id. */
  tokenBeyond(vocabularySize: number): { readonly token: string; readonly id: number } | undefined {
    const tokens = [...this.#pipeline.library.get_vocab(true)].map(([token, id]) => ({ token, id }));
    const specials = [...this.#template.single, ...this.#template.pair].filter((piece) => piece.kind === 'special');
    let worst: { readonly token: string; readonly id: number } | undefined;
    for (const { token, id } of [...tokens, ...specials]) {
      if (!Number.isInteger(id) || id < 0) return { token, id };
      if (id >= vocabularySize && !(worst && worst.id >= id)) worst = { token, id };
    }
    return worst;
  }

  token(id: number): string | undefined {
    return this.#pipeline.library.id_to_token(id);
  }

  async #tokens(texts: readonly string[], budget: Budget): Promise<readonly TextTokens[]> {
    const steps = (): Steps<TextTokens>[] => texts.map((text) => this.#pipeline.tokens(text, budget));
    if (this.isInline) return steps().map((each) => runInline(each, this.name));
    const worker: PatternWorker = this.#openWorker();
    try {
      await runInRounds([this.#pipeline.prepare(budget)], worker, budget);
      return await runInRounds(steps(), worker, budget);
    } finally {
      await worker.close();
    }
  }

  #assemble(texts: readonly TextTokens[], options: CheckedEncodeOptions): Encoding {
    const { addSpecialTokens, truncation, stride } = options;
    const special = addSpecialTokens ? this.#specialCount(texts.length > 1) : 0;
    const maxLength = truncation === false ? Number.POSITIVE_INFINITY : (options.maxLength ?? this.modelMaxLength);
    if (maxLength < special) {
      const message = `maxLength is ${maxLength}; there are ${special} special tokens.`;
      throw new AttuneError('E_CONFIG', message, { field: 'maxLength' });
    }
    return windowEncodings(texts, this.#template, {
      addSpecialTokens,
      room: maxLength - special,
      strategy: typeof truncation === 'string' ? truncation : 'longest_first',
      side: options.truncationSide ?? this.#truncationSide,
      stride,
    });
  }

  #pad(encodings: readonly Encoding[], options: CheckedEncodeOptions): readonly Encoding[] {
    const { padding, paddingSide, padToMultipleOf, maxLength = this.modelMaxLength } = options;
    if (padding === false) return encodings;
    if (padding === 'max_length' && !Number.isFinite(maxLength)) {
      throw new AttuneError('E_CONFIG', `${this.name} has no length of its own to pad to.`, {
        field: 'maxLength',
        hint: 'Say maxLength.',
      });
    }
    return padAll(encodings, {
      ...this.#padding,
      ...(paddingSide ? { side: paddingSide } : {}),
      id: this.padTokenId,
      to: padding === 'max_length' ? maxLength : 'longest',
      multipleOf: padToMultipleOf,
    });
  }

  #specialCount(isPair: boolean): number {
    const pieces = isPair ? this.#template.pair : this.#template.single;
    return pieces.filter(({ kind }) => kind === 'special').length;
  }
}

function* batchesOf(inputs: readonly EncodeInput[]): Generator<readonly EncodeInput[]> {
  let batch: EncodeInput[] = [];
  let units = 0;
  for (const input of inputs) {
    const length = textsOf(input).reduce((total, text) => total + text.length, 0);
    if (batch.length > 0 && (batch.length >= batchTexts || units + length > batchUnits)) {
      yield batch;
      [batch, units] = [[], 0];
    }
    batch.push(input);
    units += length;
  }
  if (batch.length > 0) yield batch;
}

function textsOf(input: EncodeInput): readonly string[] {
  if (typeof input === 'string') return [input];
  return input.textPair === undefined ? [input.text] : [input.text, input.textPair];
}

function tokenContent(token: unknown): string | undefined {
  if (typeof token === 'string') return token;
  return isRecord(token) && typeof token.content === 'string' ? token.content : undefined;
}

/**
 * Loads the tokenizer of a directory.
 * @throws AttuneError `E_FILE_MISSING`, `E_TOKENIZER` for a file it cannot use, or one with tokens that the model of the
 * directory does not have
 */
export async function loadTokenizer(storage: Storage, options: TokenizerOptions = {}): Promise<Tokenizer> {
  const file = label(storage, 'tokenizer.json');
  const definition = await readJson(storage, 'tokenizer.json');
  const config = (await storage.exists('tokenizer_config.json'))
    ? await readJson(storage, 'tokenizer_config.json')
    : {};
  if (!isRecord(definition) || !isRecord(config)) {
    throw new AttuneError('E_TOKENIZER', `${file} is not a tokenizer.`, { file });
  }
  try {
    const tokenizer = new Tokenizer(file, definition, config, options);
    await requireKnownTokens(storage, tokenizer);
    return tokenizer;
  } catch (cause) {
    if (cause instanceof AttuneError) throw cause;
    throw new AttuneError('E_TOKENIZER', `${file} cannot be used: ${cause instanceof Error ? cause.message : cause}.`, {
      file,
      cause,
    });
  }
}

/** @throws AttuneError `E_TOKENIZER` for an id beyond `vocab_size` of config.json, where there is one */
async function requireKnownTokens(storage: Storage, tokenizer: Tokenizer): Promise<void> {
  if (!(await storage.exists('config.json'))) return;
  const config = await readJson(storage, 'config.json');
  const size = isRecord(config) ? config.vocab_size : undefined;
  if (typeof size !== 'number') return;
  const beyond = tokenizer.tokenBeyond(size);
  if (!beyond) return;
  const { token, id } = beyond;
  throw new AttuneError(
    'E_TOKENIZER',
    `${tokenizer.name} gives the token "${token}" the id ${id}; the model's vocab_size is ${size}.`,
    {
      file: tokenizer.name,
      field: token,
      hint: `Use the tokenizer that belongs to ${label(storage, 'config.json')}.`,
    },
  );
}
