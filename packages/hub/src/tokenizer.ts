/** Hugging Face tokenizers (tokenizer.json) on top of @huggingface/tokenizers. */
import { AttuneError, isAttuneError } from '@attune/ir';
import type { Storage } from './storage.js';
import type { TermSplitter } from './terms/term-splitter.js';
import { Budget, budgetError, defaultBudgetMilliseconds } from './tokenization/budget.js';
import { tokenContent, typeIdOf } from './tokenization/definition.js';
import {
  type CheckedEncodeOptions,
  checkEncodeOptions,
  type EncodeInput,
  type EncodeOptions,
} from './tokenization/encode-options.js';
import type { Encoding, TextTokens } from './tokenization/encoding.js';
import { foreignField } from './tokenization/known-make.js';
import {
  idLimit,
  type ModelLimits,
  modelLimits,
  readModelConfiguration,
  typeIdLimit,
} from './tokenization/model-limits.js';
import { padAll } from './tokenization/padding.js';
import { readParts, type SentParts, sentParts } from './tokenization/parts.js';
import { Pipeline } from './tokenization/pipeline.js';
import { createTemplate, type Template } from './tokenization/template.js';
import { TokenDecoder } from './tokenization/token-decoder.js';
import type { Side, TruncationStrategy } from './tokenization/truncation.js';
import { Vocabulary } from './tokenization/vocabulary.js';
import { windowEncodings } from './tokenization/windows.js';
import type { ForeignTokenizer } from './tokenization/worker/foreign-tokenizer.js';
import type { OpenThread } from './worker/thread.js';

export type { EncodeInput, EncodeOptions } from './tokenization/encode-options.js';
export { codePointOffsets, type Encoding } from './tokenization/encoding.js';
export type { Side, TruncationStrategy } from './tokenization/truncation.js';

export interface TokenizerOptions {
  /** Opens what runs a tokenizer of no known make; a worker of the platform by default. */
  readonly openThread?: OpenThread;
  /** What the model of the tokenizer can take. */
  readonly model?: ModelLimits;
  /** Splits texts in place of what tokenizer.json says; both texts of a pair are one then. */
  readonly terms?: TermSplitter | undefined;
}

/** A tokenizer of no known make. */
interface Foreign {
  /** The part of tokenizer.json that no known make has. */
  readonly field: string;
  open(): Promise<ForeignTokenizer>;
}

/** Texts that share a budget. */
const batchTexts = 256;
const batchUnits = 100_000;
/** How long texts are encoded before other work gets its turn. */
const turnMilliseconds = 30;

export class Tokenizer {
  /** How error messages call it. */
  readonly name: string;
  readonly padTokenId: number;
  /** Undefined where the tokenizer has no mask token. */
  readonly maskTokenId: number | undefined;
  /** The token that ends a text, which tokenizer_config.json calls `eos_token`; undefined if there is none. */
  readonly endTokenId: number | undefined;
  readonly vocabularySize: number;
  /** The longest text that the model takes, as tokenizer_config.json says; infinite where it does not. */
  readonly modelMaxLength: number;
  /** Whether it is of a known make, so that `encodeText` serves. */
  readonly isInline: boolean;
  /**
   * Whether the model reads texts from their end, as `backwards` of tokenizer_config.json says: all tokens of an encoding are
   * turned round, special ones among them, as fastai does it (`backwards` of its data).
   */
  readonly isBackwards: boolean;
  readonly #vocabulary: Vocabulary;
  readonly #specialIds: ReadonlySet<number>;
  /** Undefined for a tokenizer of no known make, which runs in a worker. */
  readonly #pipeline: Pipeline | undefined;
  /** Undefined for a known make. */
  readonly #foreign: Foreign | undefined;
  readonly #terms: TermSplitter | undefined;
  readonly #decoder: TokenDecoder;
  readonly #template: Template;
  readonly #padding: { readonly token: string; readonly typeId: number; readonly side: Side };
  readonly #truncationSide: Side;

  /**
   * @throws AttuneError `E_TOKENIZER` that names the field that is malformed or not supported, or the token whose id the
   * model does not have
   */
  constructor(
    name: string,
    tokenizer: Readonly<Record<string, unknown>>,
    config: Readonly<Record<string, unknown>>,
    { openThread, model = {}, terms }: TokenizerOptions = {},
  ) {
    this.name = name;
    const limitOf = (entries: number) => idLimit(entries, model);
    const parts = readParts(tokenizer, name, limitOf);
    this.#terms = terms;
    const field = terms ? undefined : foreignField(parts);
    this.isInline = field === undefined;
    if (field === undefined) this.#pipeline = new Pipeline(parts, new Budget(name, defaultBudgetMilliseconds));
    else this.#foreign = { field, open: foreignOpener(sentParts(tokenizer, parts), field, openThread) };
    this.isBackwards = config.backwards === true;
    const { addedTokens } = parts;
    const vocabulary = new Vocabulary(parts.model.tokens, addedTokens);
    this.#vocabulary = vocabulary;
    this.#specialIds = new Set(addedTokens.flatMap(({ id, special }) => (special ? [id] : [])));
    const { end_of_word_suffix: suffix } = parts.model.fields;
    this.#decoder = new TokenDecoder(tokenizer.decoder, name, addedTokens, suffix ?? '');
    const typeIds = typeIdLimit(model);
    this.#template = createTemplate(tokenizer.post_processor, name, {
      ids: limitOf(vocabulary.size),
      typeIds,
      idOf: (token) => vocabulary.id(token),
    });
    const padToken = tokenContent(config.pad_token) ?? '[PAD]';
    this.padTokenId = vocabulary.id(padToken) ?? 0;
    this.maskTokenId = vocabulary.id(tokenContent(config.mask_token) ?? '[MASK]');
    const endToken = tokenContent(config.eos_token);
    this.endTokenId = endToken === undefined ? undefined : vocabulary.id(endToken);
    this.vocabularySize = vocabulary.size;
    const limit = config.model_max_length;
    this.modelMaxLength = typeof limit === 'number' && limit < 1e6 ? limit : Number.POSITIVE_INFINITY;
    this.#requireRoom(Math.min(this.modelMaxLength, model.maxPositions ?? Number.POSITIVE_INFINITY));
    const place = { field: 'pad_token_type_id', file: name };
    const typeId = typeIdOf(config.pad_token_type_id ?? 0, typeIds, place);
    this.#padding = { token: padToken, typeId, side: config.padding_side === 'left' ? 'left' : 'right' };
    this.#truncationSide = config.truncation_side === 'left' ? 'left' : 'right';
  }

  /**
   * Encodes texts and pairs with truncation and padding. A tokenizer of no known make
   * runs in a worker; other work gets its turn.
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
        batch.flatMap((input) => this.#textsOf(input)),
        checked.budgetMilliseconds,
      );
      let position = 0;
      for (const input of batch) {
        const count = this.#textsOf(input).length;
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
    const texts = this.#inlineTokens(this.#textsOf({ text, textPair: pair }), defaultBudgetMilliseconds);
    return windowEncodings(texts, this.#template, {
      addSpecialTokens: true,
      isBackwards: this.isBackwards,
      room: maxLength - special,
      strategy,
      side: this.#truncationSide,
      stride: 0,
    });
  }

  /** Ids without special tokens. @throws AttuneError as `encodeText` */
  encodePlain(text: string): readonly number[] {
    const ids = this.#inlineTokens([text], defaultBudgetMilliseconds).flatMap((each) => each.ids);
    return this.isBackwards ? ids.reverse() : ids;
  }

  /**
   * The text of ids; those that no token has are left out.
   * @throws AttuneError `E_CONFIG` for what is no id, `E_TOKENIZER_BUDGET` for a decoder of no known make
   */
  decode(ids: readonly number[], { skipSpecialTokens = true }: { readonly skipSpecialTokens?: boolean } = {}): string {
    const wrong = ids.findIndex((id) => !Number.isInteger(id) || id < 0);
    if (wrong >= 0) {
      const found = `ids[${wrong}] is ${String(JSON.stringify(ids[wrong]))}`;
      throw new AttuneError('E_CONFIG', `decode: ${found}; an id is a whole number from 0.`, {
        field: `ids[${wrong}]`,
      });
    }
    const kept = ids.filter((id) => !(skipSpecialTokens && this.#specialIds.has(id)));
    const tokens = kept.flatMap((id) => this.#vocabulary.token(id) ?? []);
    if (this.isBackwards) tokens.reverse();
    return tokens.length === 0 ? '' : this.#decoder.decode(tokens);
  }

  token(id: number): string | undefined {
    return this.#vocabulary.token(id);
  }

  async #tokens(texts: readonly string[], milliseconds: number): Promise<readonly TextTokens[]> {
    if (!this.#foreign) return this.#inlineTokens(texts, milliseconds);
    return (await this.#foreign.open()).tokens(texts, milliseconds);
  }

  #textsOf(input: EncodeInput): readonly string[] {
    return this.#terms ? [textsOf(input).join('\n')] : textsOf(input);
  }

  #inlineTokens(texts: readonly string[], milliseconds: number): readonly TextTokens[] {
    const terms = this.#terms;
    if (terms) return texts.map((text) => terms(text, (token) => this.#vocabulary.id(token)));
    const pipeline = this.#pipeline;
    if (!pipeline) {
      const hint = 'Use the asynchronous encode in place of encodeText.';
      throw budgetError(this.name, this.#foreign?.field ?? '', 'is of no known make and runs in a worker only', hint);
    }
    const budget = new Budget(this.name, milliseconds);
    return texts.map((text) => pipeline.tokens(text, budget));
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
      isBackwards: this.isBackwards,
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

  /** @throws AttuneError `E_TOKENIZER` for special tokens that leave no room for a text */
  #requireRoom(length: number): void {
    const special = this.#specialCount(false);
    if (special < length) return;
    const fault = `puts ${special} special tokens around a text; the model takes ${length} tokens`;
    throw new AttuneError('E_TOKENIZER', `${this.name}: post_processor ${fault}.`, {
      file: this.name,
      field: 'post_processor',
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

/** Opens it once, with the first texts. */
function foreignOpener(parts: SentParts, field: string, openThread?: OpenThread): Foreign['open'] {
  let opened: Promise<ForeignTokenizer> | undefined;
  const open = async () => {
    const { ForeignTokenizer } = await import('./tokenization/worker/foreign-tokenizer.js');
    return new ForeignTokenizer(parts, field, openThread);
  };
  return () => (opened ??= open());
}

/**
 * Loads the tokenizer of a directory, with the tokens and options that transformers takes of its files.
 * @throws AttuneError `E_FILE_MISSING`, `E_TOKENIZER` for a file it cannot use, or one with tokens that the model of the
 * directory does not have
 */
export async function loadTokenizer(storage: Storage, options: TokenizerOptions = {}): Promise<Tokenizer> {
  const model = await readModelConfiguration(storage);
  const { readTokenizerFiles } = await import('./tokenization/tokenizer-files.js');
  const { file, definition, config } = await readTokenizerFiles(storage, model);
  try {
    const isOfTerms = config.tokenizer_class === 'TermTokenizer';
    const terms = isOfTerms ? (await import('./terms/term-splitter.js')).termSplitter(config, file) : undefined;
    return new Tokenizer(file, definition, config, { model: modelLimits(model, storage), terms, ...options });
  } catch (cause) {
    if (isAttuneError(cause)) throw cause;
    throw new AttuneError('E_TOKENIZER', `${file} cannot be used: ${cause instanceof Error ? cause.message : cause}.`, {
      file,
      cause,
    });
  }
}
