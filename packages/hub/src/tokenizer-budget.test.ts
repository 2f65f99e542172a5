/** Fault row T12: patterns that backtrack for ever and enormous lines end in `E_TOKENIZER_BUDGET` in time. */

import { isAttuneError } from '@attune/ir';
import { attuneFailure } from '@attune/testing/attune-failure';
import { processorClock } from '@attune/testing/processor-clock';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { describe, expect, it } from 'vitest';
import { MemoryStorage } from './memory-storage.js';
import { writeFile } from './storage.js';
import { loadTokenizer, type TokenizerOptions } from './tokenizer.js';
import { openThread } from './worker/thread.js';

const vocabulary = { '[UNK]': 0, a: 1, b: 2, '##a': 3, '##b': 4, x: 5, '!': 6 };
const wordPiece = { type: 'WordPiece', vocab: vocabulary, unk_token: '[UNK]', continuing_subword_prefix: '##' };
const splitBy = (Regex: string) => ({ type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false });
const wordsThen = (Regex: string) => ({
  pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, splitBy(Regex)] },
});
const secondPattern = 'pre_tokenizer.pretokenizers[1].pattern';

async function tokenizer(parts: object, options?: TokenizerOptions) {
  const storage = new MemoryStorage('foreign');
  const definition = { added_tokens: [], normalizer: null, pre_tokenizer: null, model: wordPiece, ...parts };
  await writeFile(storage, 'tokenizer.json', JSON.stringify(definition));
  return loadTokenizer(storage, options);
}

async function failure(promise: Promise<unknown>) {
  const seconds = processorClock();
  const error = await attuneFailure(promise);
  return { error, seconds: seconds() };
}

describe('T12 tokenizer-redos', () => {
  it.each([
    ['(a+)+$', `${'a'.repeat(40)}b`, {}],
    ['(.*)*x', 'a'.repeat(40), {}],
    ['^(a|a)*$', `${'a'.repeat(60)}b`, { budgetMilliseconds: 1000 }],
    ['([a-z]+)*!', 'a'.repeat(60), { budgetMilliseconds: 1000 }],
  ])('T12 ends %s and names the pre-tokenizer, while other work goes on', async (pattern, text, options) => {
    const foreign = await tokenizer(wordsThen(pattern));
    let turns = 0;
    const other = setInterval(() => turns++, 20);
    const { error, seconds } = await failure(foreign.encode(['fine', text], options));
    clearInterval(other);
    expect(error).toMatchObject({ code: 'E_TOKENIZER_BUDGET', file: 'foreign/tokenizer.json', field: secondPattern });
    expect(error.message).toContain(secondPattern);
    expect(error.hint).toBeTruthy();
    expect(seconds).toBeLessThan(3);
    expect(turns).toBeGreaterThan(10);
  });

  it('T12 ends a normalizer that backtracks, also on the added tokens of the file', async () => {
    const normalizer = { type: 'Replace', pattern: { Regex: '(a+)+$' }, content: '' };
    const hostile = `${'a'.repeat(40)}b`;
    const added = [{ id: 7, content: hostile, special: false, normalized: true }];
    for (const each of [
      await tokenizer({ normalizer: { type: 'Sequence', normalizers: [{ type: 'NFC' }, normalizer] } }),
      await tokenizer({ normalizer: { type: 'Sequence', normalizers: [normalizer] }, added_tokens: added }),
    ]) {
      const { error } = await failure(each.encode([hostile], { budgetMilliseconds: 500 }));
      expect(error.code).toBe('E_TOKENIZER_BUDGET');
      expect(error.field).toMatch(/^normalizer\.normalizers\[[01]\]\.pattern$/);
    }
  });

  it('T12 keeps to the budget that the call gives and can encode again afterwards', async () => {
    const foreign = await tokenizer(wordsThen('(a+)+$'));
    const { error } = await failure(foreign.encode([`${'a'.repeat(40)}b`], { budgetMilliseconds: 300 }));
    expect(error.message).toContain('300 ms');
    const [encoding] = await foreign.encode(['aa ab']);
    expect(encoding!.tokens).toEqual(['a', '##a', 'a', '##b']);
  });

  it('T12 gives the normal result where a foreign pattern ends in time', async () => {
    const foreign = await tokenizer(wordsThen('(a+)+(?=b)'));
    expect(foreign.isInline).toBe(false);
    const [encoding, other] = await foreign.encode(['x aab a', 'bab']);
    expect(encoding!.tokens).toEqual(['x', 'a', '##a', 'b', 'a']);
    expect(encoding!.offsets).toEqual([
      [0, 1],
      [2, 3],
      [3, 4],
      [4, 5],
      [6, 7],
    ]);
    expect(other!.tokens).toEqual(['b', 'a', 'b']);
  });

  it('T12 refuses the synchronous call and decoding for foreign patterns with the way out', async () => {
    const foreign = await tokenizer({
      ...wordsThen('(a+)+$'),
      decoder: { type: 'Replace', pattern: { Regex: '(a+)+$' }, content: '' },
    });
    expect(() => foreign.encodeText('a', undefined, 8)).toThrow(
      expect.objectContaining({ code: 'E_TOKENIZER_BUDGET', field: secondPattern }),
    );
    expect(() => foreign.decode([1])).toThrow(
      expect.objectContaining({ code: 'E_TOKENIZER_BUDGET', field: 'decoder.pattern' }),
    );
  });

  it('T12 ends words that the model takes too long for', async () => {
    const model = { ...wordPiece, max_input_chars_per_word: 1e9 };
    const hostile = await tokenizer({ pre_tokenizer: { type: 'WhitespaceSplit' }, model });
    const word = 'ab'.repeat(450);
    const { error } = await failure(
      hostile.encode(
        Array.from({ length: 200 }, (_, index) => `${word}${'a'.repeat(index % 90)}b`),
        { budgetMilliseconds: 500 },
      ),
    );
    expect(error).toMatchObject({ code: 'E_TOKENIZER_BUDGET', field: 'model' });
    expect(await failure(hostile.encode(['a'.repeat(100_000)]))).toMatchObject({ error: { field: 'model' } });
  });

  it('T12 refuses a pattern that is too long or none at all when it loads', async () => {
    for (const pattern of ['\\p{'.repeat(10_000), '(', '[z-a]']) {
      const { error } = await failure(tokenizer(wordsThen(pattern)));
      expect(error).toMatchObject({ code: 'E_TOKENIZER', file: 'foreign/tokenizer.json', field: secondPattern });
    }
  });

  it('T12 starts no worker for tokenizers of known makes, and one for all texts of another', async () => {
    let opened = 0;
    const counting: TokenizerOptions = {
      openThread: (source) => {
        opened++;
        return openThread(source);
      },
    };
    const texts = Array.from({ length: 300 }, () => 'a b ab');
    const gpt2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
    const known = await tokenizer(wordsThen(gpt2), counting);
    expect(known.isInline).toBe(true);
    const knownIds = (await known.encode(texts)).map(({ ids }) => ids);
    expect(opened).toBe(0);
    const foreign = await tokenizer(wordsThen(`(?:${gpt2})`), counting);
    expect((await foreign.encode(texts)).map(({ ids }) => ids)).toEqual(knownIds);
    expect(opened).toBe(1);
  });
});

describe('T12 bundled patterns', () => {
  const words = "The quick brown fox, 12345 jumps; over the lazy dog's naïve café — 東京! ".split(' ');
  const texts = Array.from({ length: 400 }, (_, index) =>
    Array.from({ length: 40 }, (__, place) => words[(index * 7 + place * 3) % words.length]).join(' '),
  );
  const letters = [
    ...new Set([...texts.join(''), ...'Ġĉċ', ...Array.from({ length: 256 }, (_, i) => String.fromCharCode(i + 256))]),
  ];
  const vocab = Object.fromEntries(
    ['[UNK]', ...letters, ...letters.map((letter) => `##${letter}`)].map((token, id) => [token, id]),
  );

  it.each([
    [
      'BERT',
      {
        normalizer: {
          type: 'BertNormalizer',
          clean_text: true,
          handle_chinese_chars: true,
          strip_accents: null,
          lowercase: true,
        },
        pre_tokenizer: { type: 'BertPreTokenizer' },
        model: { ...wordPiece, vocab },
      },
    ],
    [
      'GPT-2',
      { pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false }, model: { type: 'BPE', vocab, merges: [] } },
    ],
  ])('T12 run no slower than a third of @huggingface/tokenizers alone: %s', async (_name, parts) => {
    const definition = { added_tokens: [], normalizer: null, post_processor: null, decoder: null, ...parts };
    const ours = await tokenizer(definition);
    const library = new HuggingFaceTokenizer(definition, {});
    const time = (encode: (text: string) => unknown) => {
      const started = performance.now();
      for (const text of texts) encode(text);
      return performance.now() - started;
    };
    const rounds = Array.from({ length: 5 }, () => [
      time((text) => ours.encodeText(text, undefined, 1e9)),
      time((text) => library.encode(text)),
    ]);
    const best = (column: number) => Math.min(...rounds.map((round) => round[column]!));
    expect(best(0) / best(1)).toBeLessThan(3);
  });
});

describe('T12 a line of ten million characters', () => {
  const line = (part: string) => part.repeat(Math.ceil(10_000_000 / part.length));
  const bert = { normalizer: { type: 'BertNormalizer' }, pre_tokenizer: { type: 'BertPreTokenizer' } };
  const letters = Object.fromEntries([...'ab xĠ!é'].map((letter, id) => [letter, id]));
  const bpe = { type: 'BPE', vocab: { ...letters, ab: 9 }, merges: ['a b'], unk_token: null };

  it.each([
    ['BERT, words', bert, 'ab ba a! '],
    ['BERT, accents and ideographs', bert, 'ab é 中 '],
    ['BERT, one word', bert, 'a'],
    ['BERT, blanks', bert, ' '],
    ['byte-level, one word', { pre_tokenizer: { type: 'ByteLevel' }, model: bpe }, 'ab'],
    ['byte-level, blanks', { pre_tokenizer: { type: 'ByteLevel' }, model: bpe }, ' '],
    ['byte-level, words', { pre_tokenizer: { type: 'ByteLevel' }, model: bpe }, 'ab a b '],
    ['foreign', wordsThen('(a+)+(?=b)'), 'ab ba a! '],
    ['marks', { normalizer: { type: 'NFC' }, pre_tokenizer: { type: 'WhitespaceSplit' } }, '\u0301'],
  ])('T12 ends in tokens or in the typed error: %s', async (_name, parts, part) => {
    const known = await tokenizer(parts);
    const text = line(part);
    const seconds = processorClock();
    const options = { truncation: true, maxLength: 16, budgetMilliseconds: 1000 };
    const outcome = await known.encode([text], options).catch((error: unknown) => error);
    if (isAttuneError(outcome)) expect(outcome.code).toBe('E_TOKENIZER_BUDGET');
    else expect(outcome).toMatchObject([{ truncated: expect.any(Boolean) }]);
    expect(seconds()).toBeLessThan(5);
  });
});
