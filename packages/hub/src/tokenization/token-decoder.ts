/** Tokens to text by the `decoder` of tokenizer.json. It runs in place, so it may hold known patterns and few steps only. */
import { AttuneError } from '@attune/ir';
import { Tokenizer } from '@huggingface/tokenizers';
import type { AddedToken } from './added-tokens.js';
import { budgetError } from './budget.js';
import { isRecord } from './definition.js';
import { compilePattern } from './patterns.js';

/** Llama 2 takes four. */
const mostSteps = 8;
/** Letters that `Replace` may put in. */
const longestContent = 64;

export class TokenDecoder {
  readonly #file: string;
  readonly #decoder: Tokenizer['decoder'] = null;
  readonly #suffix: string;
  readonly #foreignField: string | undefined;

  /**
   * @param suffix what ends the tokens that end a word; empty for most models
   * @throws AttuneError `E_TOKENIZER` for a type or pattern that is not supported
   */
  constructor(definition: unknown, file: string, addedTokens: readonly AddedToken[], suffix: string) {
    this.#file = file;
    this.#suffix = suffix;
    if (definition === null || definition === undefined) return;
    const steps = decoderSteps(definition, 'decoder', file);
    this.#foreignField = steps.length > mostSteps ? 'decoder' : steps.find(({ isForeign }) => isForeign)?.field;
    if (this.#foreignField !== undefined) return;
    this.#decoder = this.#typed(() => createDecoder(definition, addedTokens));
  }

  /** @throws AttuneError `E_TOKENIZER_BUDGET` naming the part that may not run in place, `E_TOKENIZER` */
  decode(tokens: readonly string[]): string {
    const field = this.#foreignField;
    if (field !== undefined) {
      throw budgetError(this.#file, field, 'is of no known make', 'Decode with token() instead.');
    }
    const decoder = this.#decoder;
    if (!decoder) return tokens.join(' ');
    const text = this.#typed(() => decoder.decode([...tokens]));
    return this.#suffix === '' ? text : text.replaceAll(this.#suffix, ' ');
  }

  #typed<T>(action: () => T): T {
    try {
      return action();
    } catch (cause) {
      const fault = `${this.#file}: decoder: ${cause instanceof Error ? cause.message : cause}`;
      throw new AttuneError('E_TOKENIZER', `${fault}.`, { file: this.#file, field: 'decoder', cause });
    }
  }
}

/** The library makes decoders with tokenizers only. */
function createDecoder(decoder: unknown, addedTokens: readonly AddedToken[]): Tokenizer['decoder'] {
  const others = { normalizer: null, pre_tokenizer: null, post_processor: null };
  const model = { type: 'WordPiece', vocab: {}, unk_token: '' };
  return new Tokenizer({ ...others, model, decoder, added_tokens: addedTokens }, {}).decoder;
}

interface Step {
  readonly field: string;
  readonly isForeign: boolean;
}

function decoderSteps(definition: unknown, field: string, file: string): readonly Step[] {
  if (!isRecord(definition)) throw new AttuneError('E_TOKENIZER', `${file}: ${field} is no object.`, { file, field });
  if (definition.type === 'Sequence' && Array.isArray(definition.decoders)) {
    return definition.decoders.flatMap((member, index) => decoderSteps(member, `${field}.decoders[${index}]`, file));
  }
  if (definition.type !== 'Replace') return [{ field, isForeign: false }];
  const pattern = compilePattern(definition.pattern, `${field}.pattern`, file);
  const { content } = definition;
  const isLong = typeof content === 'string' && content.length > longestContent;
  return [{ field: pattern.field, isForeign: !pattern.inline || isLong }];
}
