/** Fault row T12: mutations of tokenizer.json and tokenizer_config.json end in tokens or in a typed error, in time. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryStorage } from './memory-storage.js';
import { writeFile } from './storage.js';
import { mutatedJson, type Replacement } from './testing/json-mutations.js';
import { mutationRuns, mutationTimeout, Survival } from './testing/survives.js';
import { loadTokenizer } from './tokenizer.js';
import { bertSpecialTokens, bertTokenizerDefinition } from './wordpiece/bert-tokenizer.js';

const added = {
  id: 9,
  content: '<x>',
  special: true,
  normalized: false,
  single_word: false,
  lstrip: true,
  rstrip: false,
};
const bpe = {
  added_tokens: [added],
  normalizer: {
    type: 'Sequence',
    normalizers: [
      { type: 'NFC' },
      { type: 'Prepend', prepend: '▁' },
      { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
    ],
  },
  pre_tokenizer: {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Digits', individual_digits: true },
      { type: 'ByteLevel', add_prefix_space: false },
    ],
  },
  post_processor: {
    type: 'Sequence',
    processors: [
      { type: 'ByteLevel', trim_offsets: true },
      { type: 'RobertaProcessing', cls: ['<x>', 9], sep: ['<x>', 9] },
    ],
  },
  decoder: {
    type: 'Sequence',
    decoders: [{ type: 'ByteFallback' }, { type: 'Fuse' }, { type: 'Strip', content: ' ', start: 1, stop: 0 }],
  },
  model: {
    type: 'BPE',
    unk_token: 'a',
    fuse_unk: true,
    byte_fallback: true,
    vocab: { a: 0, b: 1, ab: 2, Ġ: 3, '▁': 4 },
    merges: ['a b'],
  },
};
const unigram = {
  added_tokens: [{ ...added, id: 5 }],
  normalizer: { type: 'Precompiled', precompiled_charsmap: '' },
  pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
  post_processor: null,
  decoder: { type: 'Metaspace', replacement: '▁' },
  model: {
    type: 'Unigram',
    unk_id: 0,
    vocab: [
      ['<unk>', 0],
      ['▁', -2],
      ['a', -3],
      ['ab', -3.5],
      ['▁b', -4],
    ],
  },
};
const definitions: readonly unknown[] = [
  bertTokenizerDefinition([...bertSpecialTokens, 'a', 'b', '##a', '##b']),
  bpe,
  unigram,
];
const config = {
  tokenizer_class: 'BertTokenizer',
  do_lower_case: true,
  strip_accents: null,
  tokenize_chinese_chars: true,
  model_max_length: 64,
  pad_token: '[PAD]',
  unk_token: { content: '[UNK]', special: true },
  cls_token: '[CLS]',
  pad_token_type_id: 0,
  padding_side: 'right',
  additional_special_tokens: ['<y>'],
  added_tokens_decoder: { '9': { content: '<x>', special: true } },
};

/** Beside those of every JSON file. */
const hostile: readonly Replacement[] = [
  ...['a', '\ud800', '(.*)*x', 'ByteLevel', 'Sequence', 'BPE', 'Unigram', 'WordPiece', 'WordLevel', 'NFKD', 'Fuse'],
  ...[5.7, 2 ** 32 - 2, 2 ** 32 + 6, [null], ['a', 'b']],
  ...[{ type: 'Sequence' }, { type: 'ByteLevel' }, { type: 'FixedLength', length: 1 }],
  ...[{ Regex: '(a|a)*$' }, { String: '' }],
  { type: 'Replace', pattern: { Regex: '(a+)+$' }, content: 'aa' },
  { type: 'Replace', pattern: { String: '' }, content: 'a'.repeat(50_000) },
  Array.from({ length: 1000 }, (_, index) => ['a'.repeat(index + 1), -index]),
  (value: unknown) => ({ type: 'Sequence', normalizers: [value], pretokenizers: [value], decoders: [value] }),
  (value: unknown) => (typeof value === 'string' ? value.repeat(2000) : [value]),
];
const texts = ['a b ab <x> é中 12', 'a'.repeat(500), 'ab'.repeat(40), ' \ud800a '.repeat(40)];

async function read(files: Readonly<Record<string, string>>): Promise<void> {
  const storage = new MemoryStorage('fuzz');
  for (const [name, content] of Object.entries(files)) await writeFile(storage, name, content);
  const tokenizer = await loadTokenizer(storage);
  const pair = { text: texts[0] ?? '', textPair: 'b a' };
  const encodings = await tokenizer.encode([...texts, pair], { truncation: true, maxLength: 16, padding: true });
  for (const { ids, offsets } of encodings) {
    if (offsets.length !== ids.length) throw new Error(`${ids.length} ids have ${offsets.length} offsets`);
    tokenizer.decode(ids);
  }
}

const tokenizerJson = fc.oneof(...definitions.map((definition) => mutatedJson(definition, hostile)));
const definition = JSON.stringify(definitions[0]);
const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b', '##b'];
const line = fc.oneof(
  { weight: 60, arbitrary: fc.constantFrom(...vocabulary, '', ' ', '\r', '__proto__', '1', '\u2028') },
  { weight: 60, arbitrary: fc.string() },
  { weight: 1, arbitrary: fc.constantFrom('a'.repeat(5000), 'a\n'.repeat(2000)) },
);
const lines = fc.array(line, { maxLength: 12 });
const kinds: Readonly<Record<string, fc.Arbitrary<Readonly<Record<string, string>>>>> = {
  'tokenizer.json': fc.tuple(tokenizerJson, fc.boolean()).map(([text, hasConfig]) => ({
    'tokenizer.json': text,
    ...(hasConfig ? { 'tokenizer_config.json': JSON.stringify(config) } : {}),
  })),
  'tokenizer_config.json': mutatedJson(config, hostile).map((text) => ({
    'tokenizer.json': definition,
    'tokenizer_config.json': text,
  })),
  'special_tokens_map.json': mutatedJson(
    { unk_token: '[UNK]', pad_token: { content: '[PAD]' }, additional_special_tokens: ['<y>'] },
    hostile,
  ).map((text) => ({ 'tokenizer.json': definition, 'special_tokens_map.json': text })),
  'added_tokens.json': mutatedJson({ '<y>': 9, '<z>': 10 }, hostile).map((text) => ({
    'tokenizer.json': definition,
    'added_tokens.json': text,
  })),
  'vocab.txt': lines.map((own) => ({ 'vocab.txt': [...vocabulary, ...own].join('\n') })),
  'config.json': mutatedJson(
    { model_type: 'bert', vocab_size: 30, type_vocab_size: 2, max_position_embeddings: 64 },
    hostile,
  ).map((text) => ({ 'tokenizer.json': definition, 'config.json': text })),
};

describe('T12 tokenizer-fuzz', () => {
  it.each(Object.entries(kinds))(
    'T12: mutations of %s',
    async (name, inputs) => {
      const survival = new Survival();
      await fc.assert(
        fc.asyncProperty(inputs, (files) => survival.read(() => read(files))),
        mutationRuns,
      );
      console.log(`mutations of ${name}: ${survival}`);
      expect(survival.acceptedShare).toBeGreaterThan(0.05);
    },
    mutationTimeout,
  );
});
