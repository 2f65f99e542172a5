import { attuneFailure } from '@attune/testing/attune-failure';
import { describe, expect, it } from 'vitest';
import { Tokenizer } from './tokenizer.js';
import { bertSpecialTokens, bertTokenizerDefinition } from './wordpiece/bert-tokenizer.js';

const words = 'one two three four five six seven eight nine ten'.split(' ');
const vocabulary = [...bertSpecialTokens, ...words, '##s', 'cafe', '東'];
const definition = bertTokenizerDefinition(vocabulary);
const config = { pad_token: '[PAD]', mask_token: '[MASK]', model_max_length: 12 };
const tokenizer = new Tokenizer('tokenizer.json', definition, config);
const text = words.join(' ');

describe('Tokenizer.encode', () => {
  it('gives all columns of a pair, with offsets that slice the texts', async () => {
    const texts = { text: 'Ones, CAFÉ\u0301', textPair: '😀 東two [MASK]' };
    const [encoding] = await tokenizer.encode([texts]);
    expect(encoding!.tokens).toEqual('[CLS] one ##s [UNK] cafe [SEP] [UNK] 東 two [MASK] [SEP]'.split(' '));
    expect(encoding!.typeIds).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
    expect(encoding!.specialTokensMask).toEqual([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
    expect(encoding!.wordIds).toEqual([null, 0, 0, 1, 2, null, 0, 1, 2, 3, null]);
    expect(encoding!.sequenceIds).toEqual([null, 0, 0, 0, 0, null, 1, 1, 1, 1, null]);
    expect(encoding!.attentionMask).toEqual(new Array(11).fill(1));
    const pieces = encoding!.offsets.map(([start, end], index) =>
      (encoding!.sequenceIds[index] === 1 ? texts.textPair : texts.text).slice(start, end),
    );
    expect(pieces).toEqual(['', 'One', 's', ',', 'CAFÉ', '', '😀', '東', 'two', '[MASK]', '']);
  });

  it('pads to the longest, to a multiple, to a length and on either side', async () => {
    const lengths = async (options: object) =>
      (await tokenizer.encode(['one', 'one two'], options)).map(({ ids }) => ids.length);
    expect(await lengths({})).toEqual([3, 4]);
    expect(await lengths({ padding: true })).toEqual([4, 4]);
    expect(await lengths({ padding: 'longest', padToMultipleOf: 8 })).toEqual([8, 8]);
    expect(await lengths({ padding: 'max_length' })).toEqual([12, 12]);
    expect(await lengths({ padding: 'max_length', maxLength: 6, padToMultipleOf: 4 })).toEqual([8, 8]);
    const [left] = await tokenizer.encode(['one', 'one two'], { padding: true, paddingSide: 'left' });
    expect(left!.ids).toEqual([0, 2, 5, 3]);
    expect(left!.attentionMask).toEqual([0, 1, 1, 1]);
    expect(left!.specialTokensMask).toEqual([1, 1, 0, 1]);
    expect(left!.tokens[0]).toBe('[PAD]');
  });

  it('cuts windows with stride, padded as the batch', async () => {
    const options = { truncation: 'only_second', maxLength: 8, stride: 2, padding: 'max_length' } as const;
    const [encoding] = await tokenizer.encode([{ text: 'one', textPair: text }], options);
    const windows = [encoding!, ...encoding!.overflowing].map(({ tokens }) => tokens.join(' '));
    expect(windows).toEqual([
      '[CLS] one [SEP] one two three four [SEP]',
      '[CLS] one [SEP] three four five six [SEP]',
      '[CLS] one [SEP] five six seven eight [SEP]',
      '[CLS] one [SEP] seven eight nine ten [SEP]',
    ]);
    expect(encoding!.truncated).toBe(true);
    const [short] = await tokenizer.encode([text], { truncation: true, maxLength: 9, padding: 'max_length' });
    expect(short!.overflowing.map(({ tokens }) => tokens.join(' '))).toEqual([
      '[CLS] eight nine ten [SEP] [PAD] [PAD] [PAD] [PAD]',
    ]);
  });

  it('cuts from the left and keeps the model length', async () => {
    const [left] = await tokenizer.encode([text], { truncation: true, maxLength: 4, truncationSide: 'left' });
    expect(left!.tokens).toEqual(['[CLS]', 'nine', 'ten', '[SEP]']);
    const [whole] = await tokenizer.encode([`${text} ${text}`], { truncation: true });
    expect(whole!.ids).toHaveLength(12);
  });

  it('refuses what cannot be done with the field at fault', async () => {
    const pair = { text, textPair: 'one' };
    const tooLong = await attuneFailure(tokenizer.encode([pair], { truncation: 'only_second', maxLength: 8 }));
    expect(tooLong).toMatchObject({ code: 'E_TOO_LONG', field: 'truncation' });
    const options = { truncation: true, maxLength: 6, stride: 4 };
    expect(await attuneFailure(tokenizer.encode([text], options))).toMatchObject({ code: 'E_CONFIG', field: 'stride' });
    const narrow = attuneFailure(tokenizer.encode([text], { truncation: true, maxLength: 1 }));
    expect(await narrow).toMatchObject({ code: 'E_CONFIG', field: 'maxLength' });
    const wrong = { padToMultipleOf: 0, stride: 1.5 };
    expect(await attuneFailure(tokenizer.encode([text], wrong))).toMatchObject({ field: 'stride, padToMultipleOf' });
    const endless = new Tokenizer('tokenizer.json', definition, {});
    expect(await attuneFailure(endless.encode([text], { padding: 'max_length' }))).toMatchObject({
      field: 'maxLength',
    });
    const unknown = { ...definition, pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Nonsense' }] } };
    expect(() => new Tokenizer('tokenizer.json', unknown, {})).toThrow(
      expect.objectContaining({ code: 'E_TOKENIZER', field: 'pre_tokenizer.pretokenizers[0]' }),
    );
  });

  it('stops when it is aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(tokenizer.encode([text], { signal })).rejects.toThrow('enough');
  });
});

describe('Tokenizer.encodeText and decode', () => {
  it('cuts to the length and decodes again', () => {
    const encoding = tokenizer.encodeText(text, 'one two', 8);
    expect(encoding.tokens.join(' ')).toBe('[CLS] one two three [SEP] one two [SEP]');
    expect(tokenizer.decode(encoding.ids)).toBe('one two three one two');
    expect(tokenizer.decode(encoding.ids, { skipSpecialTokens: false })).toContain('[SEP]');
    expect(tokenizer.decode([])).toBe('');
    expect(tokenizer.encodePlain('one')).toEqual([5]);
  });

  it('turns texts round for a model that reads backwards, but not the padding', async () => {
    const backwards = new Tokenizer('tokenizer.json', definition, { ...config, backwards: true });
    const options = { truncation: true, maxLength: 5, padding: 'max_length' } as const;
    const [cut, short] = await backwards.encode([text, 'ones'], options);
    expect(cut!.tokens.join(' ')).toBe('[SEP] three two one [CLS]');
    expect(cut!.overflowing[0]!.tokens.join(' ')).toBe('[SEP] six five four [CLS]');
    expect(short!.tokens.join(' ')).toBe('[SEP] ##s one [CLS] [PAD]');
    expect(short!.offsets.slice(1, 3)).toEqual([
      [3, 4],
      [0, 3],
    ]);
    expect(short!.attentionMask).toEqual([1, 1, 1, 1, 0]);
    expect(backwards.encodeText(text, undefined, 5).ids).toEqual(cut!.ids);
    expect(backwards.encodePlain('one two')).toEqual(tokenizer.encodePlain('two one'));
    expect(backwards.decode(cut!.ids)).toBe('one two three');
  });
});
