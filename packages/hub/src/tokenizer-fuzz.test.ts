/** Fault row T12: mutations of tokenizer.json and tokenizer_config.json end in tokens or in a typed error, in time. */
import { isAttuneError } from '@attune/ir';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryStorage } from './memory-storage.js';
import { writeFile } from './storage.js';
import { isRecord } from './tokenization/definition.js';
import { loadTokenizer } from './tokenizer.js';
import { bertSpecialTokens, bertTokenizerDefinition } from './wordpiece/bert-tokenizer.js';

const runs = Number(process.env.ATTUNE_FUZZ ?? 1000);
const seed = Number(process.env.ATTUNE_FUZZ_SEED ?? 20_261);
/** Far above what a run takes on a machine that is not busy: only an endless one gets there. */
const endless = 60_000;

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

const hostile: readonly unknown[] = [
  null,
  true,
  '',
  'a',
  'x',
  '\ud800',
  '(a+)+$',
  '(.*)*x',
  'ByteLevel',
  'Sequence',
  'BPE',
  'Unigram',
  'WordPiece',
  'NFKD',
  'a'.repeat(100_000),
  0,
  -1,
  5.7,
  1e9,
  1e308,
  2 ** 32 - 2,
  2 ** 32 + 6,
  [],
  {},
  [[]],
  [null],
  ['a', 'b'],
  { type: 'Sequence' },
  { Regex: '(a|a)*$' },
  { String: '' },
  { type: 'Replace', pattern: { Regex: '(a+)+$' }, content: 'aa' },
  { type: 'Replace', pattern: { String: '' }, content: 'a'.repeat(50_000) },
  { type: 'ByteLevel' },
  { type: 'FixedLength', length: 1 },
  { constructor: 'x' },
];
const texts = ['a b ab <x> é中 12', 'a'.repeat(500), ' ', 'ab'.repeat(40), '\ud800a'];

interface Change {
  readonly place: number;
  readonly value: unknown;
  readonly kind: 'set' | 'drop' | 'double' | 'nest';
}

/** Changes one of all values of a JSON text, chosen by number. */
function mutated(definition: unknown, { place, value, kind }: Change): unknown {
  const copy: unknown = JSON.parse(JSON.stringify(definition));
  const places: (() => void)[] = [];
  const visit = (holder: Record<string, unknown> | unknown[]) => {
    for (const key of Object.keys(holder)) {
      const at = Array.isArray(holder) ? Number(key) : key;
      const read = () => Reflect.get(holder, at);
      places.push(() => {
        if (kind === 'drop') Reflect.deleteProperty(holder, at);
        else if (kind === 'double' && Array.isArray(holder)) holder.push(...Array.from({ length: 60 }, read));
        else
          Reflect.set(
            holder,
            at,
            kind === 'nest' ? { type: 'Sequence', normalizers: [read()], pretokenizers: [read()] } : value,
          );
      });
      const child: unknown = read();
      if (Array.isArray(child) || isRecord(child)) visit(child);
    }
  };
  if (Array.isArray(copy) || isRecord(copy)) visit(copy);
  places[place % places.length]?.();
  return copy;
}

async function outcomeOf(files: Readonly<Record<string, unknown>>): Promise<unknown> {
  const storage = new MemoryStorage('fuzz');
  for (const [name, content] of Object.entries(files))
    await writeFile(storage, name, JSON.stringify(content) ?? 'null');
  const tokenizer = await loadTokenizer(storage);
  const pair = { text: texts[0] ?? '', textPair: 'b a' };
  const encodings = await tokenizer.encode([...texts, pair], { truncation: true, maxLength: 16, padding: true });
  return encodings.map(({ ids, offsets }) => [tokenizer.decode(ids), offsets]);
}

const change = fc.record({
  place: fc.nat(),
  value: fc.constantFrom(...hostile),
  kind: fc.constantFrom<Change['kind'][]>('set', 'set', 'set', 'drop', 'double', 'nest'),
});
const changes = fc.array(change, { minLength: 1, maxLength: 3 });

describe('T12 tokenizer-fuzz', () => {
  it.each(['tokenizer.json', 'tokenizer_config.json'])(
    `T12: ${runs} mutations of %s by seed ${seed}`,
    async (file) => {
      const counts = new Map<string, number>();
      let slowest = 0;
      let peak = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...definitions),
          changes,
          fc.boolean(),
          async (definition, all, withConfig) => {
            const started = performance.now();
            const change = (content: unknown) => all.reduce<unknown>(mutated, content);
            const files =
              file === 'tokenizer.json'
                ? { [file]: change(definition), ...(withConfig ? { 'tokenizer_config.json': config } : {}) }
                : { [file]: change(config), 'tokenizer.json': definition };
            const error = await outcomeOf(files).then(
              () => undefined,
              (thrown: unknown) => thrown,
            );
            if (error !== undefined && !isAttuneError(error)) throw error;
            const name = error?.code ?? 'tokens';
            counts.set(name, (counts.get(name) ?? 0) + 1);
            slowest = Math.max(slowest, performance.now() - started);
            peak = Math.max(peak, process.memoryUsage().rss);
          },
        ),
        { numRuns: runs, seed, endOnFailure: true },
      );
      console.log(
        `${file}, seed ${seed}:`,
        Object.fromEntries(counts),
        `slowest ${Math.round(slowest)} ms, ${Math.round(peak / 1e6)} MB`,
      );
      expect(counts.get('tokens')).toBeGreaterThan(runs / 20);
      expect(slowest).toBeLessThan(endless);
      expect(Reflect.get({}, 'x')).toBeUndefined();
    },
    Math.max(60_000, runs * 200),
  );
});
