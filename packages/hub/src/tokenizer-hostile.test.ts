/** Small files that would take minutes or gigabytes, ids that are none, and templates that do not fit. */
import { isAttuneError } from '@attune/ir';
import { attuneFailure } from '@attune/testing/attune-failure';
import { describe, expect, it } from 'vitest';
import { MemoryStorage } from './memory-storage.js';
import { writeFile } from './storage.js';
import { Survival } from './testing/survives.js';
import { loadTokenizer } from './tokenizer.js';

const vocab = { '[UNK]': 0, '[CLS]': 1, '[SEP]': 2, a: 3, b: 4, '##a': 5, '##b': 6 };
const wordPiece = { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', vocab };
const letters = 'abcdefghijklmnopqrstuvwxyz';
const repeat = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const added = (content: string, id: number) => ({ id, content, special: false, normalized: false });

async function load(parts: object, config?: object) {
  const storage = new MemoryStorage('foreign');
  const whole = { added_tokens: [], normalizer: null, pre_tokenizer: null, model: wordPiece, ...parts };
  await writeFile(storage, 'tokenizer.json', JSON.stringify(whole));
  if (config) await writeFile(storage, 'config.json', JSON.stringify(config));
  return loadTokenizer(storage);
}

describe('audit F7: tokenizers that would take minutes or gigabytes', () => {
  const bpe = { type: 'BPE', unk_token: null, vocab: { a: 0, b: 1, ab: 2, abab: 3 }, merges: ['a b', 'ab ab'] };
  const unigram = (tokens: readonly string[]) => ({
    type: 'Unigram',
    unk_id: 0,
    vocab: [['<unk>', 0], ...tokens.map((token) => [token, -token.length])],
  });
  const byteLevel = { type: 'ByteLevel' };
  const contents = repeat(3000, (index) => `${'a'.repeat(1500)}${index}`);
  const prepends = repeat(100, () => ({ type: 'Prepend', prepend: 'x'.repeat(100_000) }));

  it.each<readonly [string, object, string, string]>([
    [
      'an id of the vocabulary is 4294967294',
      { model: { ...wordPiece, vocab: { ...vocab, z: 4294967294 } } },
      'a',
      'model.vocab',
    ],
    ['an id of an added token is 4294967294', { added_tokens: [added('z', 4294967294)] }, 'a', 'added_tokens[0]'],
    [
      '40 ByteLevel normalizers',
      { normalizer: { type: 'Sequence', normalizers: repeat(40, () => byteLevel) } },
      'é',
      'normalizer',
    ],
    [
      '40 ByteLevel pre-tokenizers',
      { pre_tokenizer: { type: 'Sequence', pretokenizers: repeat(40, () => byteLevel) } },
      'é',
      'pre_tokenizer',
    ],
    ['100 Prepend of 100 KB', { normalizer: { type: 'Sequence', normalizers: prepends } }, 'a', 'normalizer'],
    [
      'Replace that doubles 40 times',
      {
        normalizer: {
          type: 'Sequence',
          normalizers: repeat(40, () => ({ type: 'Replace', pattern: { String: 'a' }, content: 'aa' })),
        },
      },
      'a',
      'normalizer',
    ],
    [
      'Unigram with long tokens',
      { model: unigram(repeat(1000, (index) => 'a'.repeat(index + 1))) },
      'a'.repeat(2000),
      'model',
    ],
    [
      'Unigram in place, with every length of token',
      { model: unigram(repeat(64, (index) => 'a'.repeat(index + 1))) },
      'a'.repeat(200_000),
      'model',
    ],
    ['Unigram with a word of ten million', { model: unigram(['a']) }, 'a'.repeat(10_000_000), 'model'],
    [
      'Unigram with tokens that share no letters',
      { model: unigram(repeat(26_000, (index) => letters[index % 26]!.repeat(30) + index.toString(36).repeat(8))) },
      'ab',
      'model',
    ],
    [
      'Unigram with huge tokens',
      { model: unigram(repeat(10, (index) => letters[index]!.repeat(1_000_000))) },
      'ab',
      'model',
    ],
    ['BPE with a word of 250,000', { model: bpe }, 'ab'.repeat(125_000), 'model'],
    [
      'WordPiece with long words',
      { model: { ...wordPiece, max_input_chars_per_word: 1e9 } },
      'ab'.repeat(50_000),
      'model',
    ],
    [
      '3,000 long added tokens',
      { added_tokens: contents.map((content, index) => added(content, 7 + index)) },
      'a'.repeat(100_000),
      'added_tokens',
    ],
    [
      '100,000 added tokens',
      { added_tokens: repeat(100_000, (index) => added(`a${index}b`, 7 + index)) },
      'a1'.repeat(50_000),
      'added_tokens',
    ],
    [
      '100,000 steps',
      { normalizer: { type: 'Sequence', normalizers: repeat(100_000, () => ({ type: 'NFC' })) } },
      'é',
      'normalizer',
    ],
  ])('audit F7: %s', async (_name, parts, text, field) => {
    const survival = new Survival();
    let outcome: unknown;
    await survival.read(async () => {
      const encoded = load(parts).then((tokenizer) => tokenizer.encode([text]));
      outcome = await encoded.catch((error: unknown) => error);
    });
    if (!isAttuneError(outcome)) {
      expect(outcome).toMatchObject([{ ids: expect.any(Array) }]);
      return;
    }
    expect(outcome.code).toMatch(/^E_TOKENIZER(_BUDGET)?$/);
    expect(`${outcome.field}`.startsWith(field), outcome.message).toBe(true);
    expect(outcome.message).toMatch(outcome.code === 'E_TOKENIZER_BUDGET' ? field : 'foreign/tokenizer.json');
  });

  it('audit F7: a foreign tokenizer gives the ids that it gives in place', async () => {
    const text = 'ab abba ba [CLS] aab';
    const parts = { pre_tokenizer: { type: 'WhitespaceSplit' }, added_tokens: [added('[CLS]', 1)] };
    const inPlace = await load(parts);
    const foreign = await load({ ...parts, model: { ...wordPiece, max_input_chars_per_word: 900 } });
    expect([inPlace.isInline, foreign.isInline]).toEqual([true, false]);
    const [[known], [other]] = [await inPlace.encode([text]), await foreign.encode([text])];
    for (const column of ['ids', 'tokens', 'offsets', 'wordIds', 'typeIds'] as const) {
      expect(other![column]).toEqual(known![column]);
    }
    expect(foreign.decode(other!.ids)).toBe(inPlace.decode(known!.ids));
  });
});

describe('audit F10: ids that are none', () => {
  const config = { vocab_size: 7, type_vocab_size: 2, max_position_embeddings: 16 };
  const place = (kind: string, id: unknown, type_id: unknown) => ({ [kind]: { id, type_id } });
  const template = (typeId: unknown, ids: readonly unknown[] = [1]) => ({
    post_processor: {
      type: 'TemplateProcessing',
      single: [place('SpecialToken', '[CLS]', typeId), place('Sequence', 'A', 0)],
      pair: [place('Sequence', 'A', 0), place('Sequence', 'B', 1)],
      special_tokens: { '[CLS]': { id: '[CLS]', ids, tokens: ['[CLS]'] } },
    },
  });
  const wrongIds = [-1, 5.7, 'x', 2 ** 32 + 6, 7, null];

  it.each(wrongIds)('audit F10: no token of the file has the id %j', async (id) => {
    const cases: readonly (readonly [object, string])[] = [
      [{ model: { ...wordPiece, vocab: { ...vocab, b: id } } }, 'model.vocab'],
      [{ added_tokens: [{ ...added('[CLS]', 1), id }] }, 'added_tokens[0]'],
      [template(0, [id]), 'post_processor.special_tokens'],
      [{ post_processor: { type: 'BertProcessing', cls: ['[CLS]', 1], sep: ['[SEP]', id] } }, 'post_processor.sep'],
    ];
    for (const [parts, field] of cases) {
      const error = await attuneFailure(load(parts, config));
      expect(error).toMatchObject({ code: 'E_TOKENIZER', file: 'foreign/tokenizer.json', field });
      expect(error.message).toMatch(/gives the token ".+" the id/);
    }
  });

  it.each([-1, 0.5, 'x', 7, 2])('audit F10: no template has the type id %j', async (typeId) => {
    const field = 'post_processor.single[0].SpecialToken.type_id';
    expect(await attuneFailure(load(template(typeId), config))).toMatchObject({ code: 'E_TOKENIZER', field });
  });

  it('audit F10: takes the ids that the Rust library gives to added tokens', async () => {
    const added_tokens = [added('x', 10), added('a', 9), added('y', 7), added('x', 3)];
    const tokenizer = await load({ added_tokens, pre_tokenizer: { type: 'WhitespaceSplit' } });
    expect((await tokenizer.encode(['x a y']))[0]!.ids).toEqual([7, 3, 8]);
  });
});

describe('audit F13: templates that do not fit', () => {
  const text = { Sequence: { id: 'A', type_id: 0 } };
  const start = { SpecialToken: { id: '[CLS]', type_id: 0 } };
  const pair = [text, { Sequence: { id: 'B', type_id: 1 } }];
  const special_tokens = { '[CLS]': { id: '[CLS]', ids: [1], tokens: ['[CLS]'] } };
  const template = (single: readonly object[], others: object = {}) => ({
    post_processor: { type: 'TemplateProcessing', single, pair, special_tokens, ...others },
  });

  it.each<readonly [string, object, string]>([
    ['the text 50 times', template(repeat(50, () => text)), 'post_processor.single'],
    ['no text', template([start]), 'post_processor.single'],
    ['the second text for one', template([{ Sequence: { id: 'B', type_id: 0 } }]), 'post_processor.single'],
    ['one text of a pair', template([text], { pair: [text] }), 'post_processor.pair'],
    ['a thousand special tokens', template([...repeat(1000, () => start), text]), 'post_processor'],
    [
      'a special token of a thousand ids',
      template([start, text], { special_tokens: { '[CLS]': { ids: repeat(1000, () => 1) } } }),
      'post_processor',
    ],
  ])('audit F13, field 45: %s', async (_name, parts, field) => {
    const error = await attuneFailure(load(parts, { vocab_size: 7, max_position_embeddings: 512 }));
    expect(error).toMatchObject({ code: 'E_TOKENIZER', file: 'foreign/tokenizer.json', field });
  });

  it('audit F13: decode names what is no id', async () => {
    const tokenizer = await load({});
    const ids: unknown = JSON.parse('[3, {"id": 4}]');
    const call = () => (Array.isArray(ids) ? tokenizer.decode(ids) : '');
    expect(call).toThrow(expect.objectContaining({ code: 'E_CONFIG', field: 'ids[1]' }));
    expect(() => tokenizer.decode([-1])).toThrow(expect.objectContaining({ field: 'ids[0]' }));
  });
});
