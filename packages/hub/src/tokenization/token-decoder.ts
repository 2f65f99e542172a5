/** Tokens to text by the `decoder` of tokenizer.json. It runs in place, so it may hold known patterns and few steps only. */
import { AttuneError } from '@attune/ir';
import { SequenceDecoder } from '@huggingface/tokenizers';
import type { AddedToken } from './added-tokens.js';
import { budgetError } from './budget.js';
import { type Part, partOf, stepsOf, textOf, unknownType } from './definition.js';
import { compilePattern } from './patterns.js';

/** Llama 2 takes four. */
const mostSteps = 8;
/** Letters that `Replace` may put in. */
const longestContent = 64;

export class TokenDecoder {
  readonly #file: string;
  readonly #decoder: SequenceDecoder | undefined;
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
    const steps = decoderSteps(partOf(definition, 'decoder', file));
    this.#foreignField = steps.length > mostSteps ? 'decoder' : steps.find(({ isForeign }) => isForeign)?.field;
    if (this.#foreignField !== undefined) return;
    const decoders = steps.map(({ config }) => config);
    const decoder = this.#typed(() => new SequenceDecoder({ type: 'Sequence', decoders }));
    const single_word = false;
    const tokens = addedTokens.map((token) => ({ ...token, single_word, lstrip: false, rstrip: false }));
    for (const each of decoder.decoders) each.added_tokens = tokens;
    this.#decoder = decoder;
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

type DecoderConfig = ConstructorParameters<typeof SequenceDecoder>[0]['decoders'][number];

const types: readonly DecoderConfig['type'][] = [
  'ByteLevel',
  'WordPiece',
  'Metaspace',
  'BPEDecoder',
  'CTC',
  'Sequence',
  'Replace',
  'Fuse',
  'Strip',
  'ByteFallback',
];

interface Step {
  readonly field: string;
  readonly isForeign: boolean;
  readonly config: DecoderConfig;
}

const isDecoder = (value: Part['value']): value is Part['value'] & DecoderConfig =>
  types.some((type) => type === value.type);

/** Decoders one after the other, those inside sequences too. */
function decoderSteps(part: Part): readonly Step[] {
  const { value, field, file } = part;
  if (value.type === 'Sequence') return stepsOf(part, 'decoders').flatMap(decoderSteps);
  if (!isDecoder(value)) throw unknownType(part);
  if (value.type !== 'Replace') return [{ field, isForeign: false, config: value }];
  const pattern = compilePattern(value.pattern, `${field}.pattern`, file);
  const isLong = textOf(part, 'content', '').length > longestContent;
  return [{ field: pattern.field, isForeign: !pattern.inline || isLong, config: value }];
}
