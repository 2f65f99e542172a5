/** Hugging Face tokenizers (tokenizer.json), with truncation on top of @huggingface/tokenizers. */
import { AttuneError } from '@attune/ir';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { label, readJson, type Storage } from './storage.js';
import { correctDefinition, separateIdeographs, splitsIdeographs } from './tokenizer-corrections.js';

export interface Encoding {
  readonly ids: readonly number[];
  readonly typeIds: readonly number[];
  readonly truncated: boolean;
}

/** Which text of a pair gives way when the two are too long. */
export type TruncationStrategy = 'longest_first' | 'only_first' | 'only_second';

export class Tokenizer {
  readonly #tokenizer: HuggingFaceTokenizer;
  readonly #separates: boolean;
  /** How error messages call it. */
  readonly name: string;
  readonly padTokenId: number;
  /** Undefined where the tokenizer has no mask token. */
  readonly maskTokenId: number | undefined;
  readonly vocabularySize: number;
  /** The longest text that the model takes, as tokenizer_config.json says; infinite where it does not. */
  readonly modelMaxLength: number;
  readonly #single: Template;
  readonly #pair: Template;

  constructor(name: string, tokenizer: object, config: Readonly<Record<string, unknown>>) {
    this.name = name;
    this.#tokenizer = new HuggingFaceTokenizer(correctDefinition(tokenizer), config);
    this.#separates = splitsIdeographs(tokenizer);
    const special = (field: string, fallback: string) => {
      const token = tokenContent(config[field]) ?? fallback;
      return this.#tokenizer.token_to_id(token);
    };
    this.padTokenId = special('pad_token', '[PAD]') ?? 0;
    this.maskTokenId = special('mask_token', '[MASK]');
    this.vocabularySize = this.#tokenizer.get_vocab(true).size;
    const limit = config.model_max_length;
    this.modelMaxLength = typeof limit === 'number' && limit < 1e6 ? limit : Number.POSITIVE_INFINITY;
    this.#single = this.#template(undefined);
    this.#pair = this.#template('a');
  }

  /** Ids of one text or a pair with the special tokens, cut to `maxLength`; of a pair, the longer gives way first. */
  encodeText(
    text: string,
    pair: string | undefined,
    maxLength: number,
    strategy: TruncationStrategy = 'longest_first',
  ): Encoding {
    const template = pair === undefined ? this.#single : this.#pair;
    const room = maxLength - template.special;
    if (room < 1) {
      throw new AttuneError(
        'E_CONFIG',
        `maxLength is ${maxLength}; ${template.special} special tokens leave no room for text.`,
        {
          field: 'maxLength',
        },
      );
    }
    const first = this.#plain(text);
    const second = pair === undefined ? [] : this.#plain(pair);
    const [keepFirst, keepSecond] = truncate(first.length, second.length, room, strategy);
    const { ids, typeIds } = template.fill(first.slice(0, keepFirst), second.slice(0, keepSecond));
    return { ids, typeIds, truncated: keepFirst < first.length || keepSecond < second.length };
  }

  /** Ids without special tokens. */
  encodePlain(text: string): readonly number[] {
    return this.#plain(text);
  }

  decode(ids: readonly number[], { skipSpecialTokens = true }: { readonly skipSpecialTokens?: boolean } = {}): string {
    return this.#tokenizer.decode([...ids], { skip_special_tokens: skipSpecialTokens });
  }

  token(id: number): string | undefined {
    return this.#tokenizer.id_to_token(id);
  }

  #plain(text: string): number[] {
    const separated = this.#separates ? separateIdeographs(text) : text;
    return this.#tokenizer.encode(separated, { add_special_tokens: false }).ids;
  }

  /** Learns where the special tokens stand by encoding a text that is one known token. */
  #template(pair: string | undefined): Template {
    const probe = this.#plain('a');
    const encoding = this.#tokenizer.encode('a', {
      ...(pair === undefined ? {} : { text_pair: pair }),
      add_special_tokens: true,
      return_token_type_ids: true,
    });
    const { ids, token_type_ids: types } = encoding;
    const firstAt = indexOfRun(ids, probe, 0);
    const secondAt = pair === undefined ? -1 : indexOfRun(ids, probe, firstAt + probe.length);
    const texts = pair === undefined ? 1 : 2;
    return {
      special: ids.length - texts * probe.length,
      fill(first, second) {
        const result = { ids: [] as number[], typeIds: [] as number[] };
        for (let index = 0; index < ids.length; ) {
          const run = index === firstAt ? first : index === secondAt ? second : undefined;
          for (const id of run ?? [ids[index]!]) {
            result.ids.push(id);
            result.typeIds.push(types[index] ?? 0);
          }
          index += run ? probe.length : 1;
        }
        return result;
      },
    };
  }
}

interface Template {
  /** Number of special tokens. */
  readonly special: number;
  fill(
    first: readonly number[],
    second: readonly number[],
  ): { readonly ids: readonly number[]; readonly typeIds: readonly number[] };
}

function indexOfRun(ids: readonly number[], run: readonly number[], from: number): number {
  for (let start = from; start + run.length <= ids.length; start++) {
    if (run.every((id, offset) => ids[start + offset] === id)) return start;
  }
  return -1;
}

/** How many tokens of each text stay. */
function truncate(first: number, second: number, room: number, strategy: TruncationStrategy): [number, number] {
  if (first + second <= room) return [first, second];
  if (strategy === 'only_first') return [Math.max(0, room - second), second];
  if (strategy === 'only_second') return [first, Math.max(0, room - first)];
  if (second === 0) return [room, 0];
  const shorter = Math.min(first, second);
  if (shorter <= Math.floor(room / 2)) return first <= second ? [first, room - first] : [room - second, second];
  const half = Math.floor(room / 2);
  return first <= second ? [half, room - half] : [room - half, half];
}

function tokenContent(token: unknown): string | undefined {
  if (typeof token === 'string') return token;
  if (typeof token === 'object' && token !== null && 'content' in token && typeof token.content === 'string') {
    return token.content;
  }
  return undefined;
}

/** Loads the tokenizer of a directory. @throws AttuneError `E_FILE_MISSING`, `E_TOKENIZER` for a file it cannot use */
export async function loadTokenizer(storage: Storage): Promise<Tokenizer> {
  const file = label(storage, 'tokenizer.json');
  const definition = await readJson(storage, 'tokenizer.json');
  const config = (await storage.exists('tokenizer_config.json'))
    ? await readJson(storage, 'tokenizer_config.json')
    : {};
  if (!isObject(definition) || !isObject(config)) {
    throw new AttuneError('E_TOKENIZER', `${file} is not a tokenizer.`, { file });
  }
  try {
    return new Tokenizer(file, definition, config);
  } catch (cause) {
    if (cause instanceof AttuneError) throw cause;
    throw new AttuneError('E_TOKENIZER', `${file} cannot be used: ${cause instanceof Error ? cause.message : cause}.`, {
      file,
      cause,
    });
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
