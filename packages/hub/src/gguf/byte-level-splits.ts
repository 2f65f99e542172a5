/** How texts are split before byte-level BPE: what llama.cpp calls it, and the parts of tokenizer.json. */
import { type Definition, isRecord } from '../tokenization/definition.js';
import { digitGroupsPattern, singleDigitsPattern } from '../tokenization/known-patterns.js';

export interface ByteLevelSplit {
  readonly name: string;
  /** Other names that GGUF files have for it. */
  readonly aliases?: readonly string[];
  readonly normalizer: Definition | null;
  readonly steps: readonly Definition[];
  /** Whether a word that is a token is not put together from parts. */
  readonly ignoresMerges?: boolean;
  /** Whether llama.cpp puts the first token before a text if the file does not say. */
  readonly addsBos?: boolean;
}

const bytes = (useRegex: boolean) => ({
  type: 'ByteLevel',
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: useRegex,
});
const isolated = (Regex: string) => ({ type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false });

export const byteLevelSplits: readonly ByteLevelSplit[] = [
  { name: 'gpt-2', aliases: ['default'], normalizer: null, steps: [bytes(true)] },
  { name: 'smollm', normalizer: null, steps: [{ type: 'Digits', individual_digits: true }, bytes(true)] },
  { name: 'qwen2', normalizer: { type: 'NFC' }, steps: [isolated(singleDigitsPattern), bytes(false)] },
  {
    name: 'llama-bpe',
    aliases: ['llama3', 'llama-v3'],
    normalizer: null,
    steps: [isolated(digitGroupsPattern), bytes(false)],
    ignoresMerges: true,
    addsBos: true,
  },
];

/** The parts of a pre-tokenizer or a normalizer that decide about its results, to be compared. */
const essence = (part: unknown): string => {
  if (!isRecord(part)) return '';
  const { type } = part;
  const members = part.pretokenizers ?? part.normalizers;
  if (type === 'Sequence' && Array.isArray(members)) return members.map(essence).join('|');
  if (type === 'Split') return `Split ${JSON.stringify(part.pattern)} ${part.behavior} ${part.invert === true}`;
  if (type === 'ByteLevel') return `ByteLevel ${part.add_prefix_space !== false} ${part.use_regex !== false}`;
  if (type === 'Digits') return `Digits ${part.individual_digits === true}`;
  return JSON.stringify(part);
};

/** What splits as a tokenizer.json says; undefined for what llama.cpp has no name of here. */
export function splitOf({ pre_tokenizer, normalizer, model }: Definition): ByteLevelSplit | undefined {
  const ignoresMerges = isRecord(model) && model.ignore_merges === true;
  return byteLevelSplits.find(
    (split) =>
      essence({ type: 'Sequence', pretokenizers: split.steps }) === essence(pre_tokenizer) &&
      essence(split.normalizer) === essence(normalizer) &&
      (split.ignoresMerges ?? false) === ignoresMerges,
  );
}
