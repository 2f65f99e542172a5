import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readJson } from '../json-file.js';
import { MemoryStorage } from '../memory-storage.js';
import { nodeStorage } from '../node-storage.js';
import { python, sharedPath, skipsGolden, skipsPython } from '../testing/python.js';
import { loadTokenizer } from '../tokenizer.js';
import { bertSpecialTokens, bertTokenizerDefinition, saveBertTokenizer } from './bert-tokenizer.js';
import { trainWordPiece } from './train.js';

const texts = [
  "The quick brown foxes jumped over the lazy dogs; the dogs' laziness amazed the foxes.",
  'Unhappily, the unhappy lowest lower low newest newer wider widest runs running runner ran.',
  'Café naïve ΣΊΣΥΦΟΣ 東京 banana bananas aaaa aaaaa!',
];

const letters = [..."!',.;abcdefghijklmnopqrstuvwxyzιοσυφ京東"];
const continuing = [...'acdefghiklmnoprstuvwxyzιοσυφ'].map((letter) => `##${letter}`);

/**
 * What WordPieceTrainer of Python's tokenizers 0.23.3 makes of the texts, behind the letters; these were given to it as
 * special tokens, as it numbers `##` letters by the order of a hash map.
 */
const put =
  '##es th ##aa ##an ##er the ##ow low ru ##az ##est run aaa ban do fo laz ne un wi ##ap ##ed ##gs ##hap ##in ##xes ' +
  '##ana runn banana dogs foxes new unhap wid unhapp';
const more = 'am br ca ju';

describe('trainWordPiece', () => {
  it.each([
    [{ size: 1000 }, put],
    [{ size: 110, minFrequency: 0 }, `${put} ${more}`],
    [{ size: 80, minFrequency: 0 }, put.split(' ').slice(0, 9).join(' ')],
  ])('with %j gives the pieces of the Rust library', async (options, expected) => {
    const pieces = await trainWordPiece(texts, options);
    expect(pieces).toEqual([...bertSpecialTokens, ...letters, ...continuing, ...expected.split(' ')]);
  });

  it('takes texts as they come, and the order of texts does not matter', async () => {
    async function* stream() {
      yield* texts.toReversed();
    }
    expect(await trainWordPiece(stream(), { size: 1000 })).toEqual(await trainWordPiece(texts, { size: 1000 }));
  });

  it('keeps the most frequent letters only', async () => {
    const pieces = await trainWordPiece(['bab ab xab éab'], { size: 100, limitAlphabet: 2 });
    expect(pieces).toEqual([...bertSpecialTokens, 'a', 'b', '##a', '##b', '##ab']);
  });

  it.each([
    [[], { size: 100 }, 'E_DATA_EMPTY', 'no word'],
    [[' \n '], { size: 100 }, 'E_DATA_EMPTY', 'no word'],
    [texts, { size: 70 }, 'E_CONFIG', 'size is 70; special tokens and letters are 71 pieces'],
    [texts, { size: 1.5 }, 'E_CONFIG', 'size is 1.5'],
    [texts, { size: 100, minFrequency: -1 }, 'E_CONFIG', 'minFrequency is -1'],
  ])('of %j with %j is an error', async (some, options, code, message) => {
    await expect(trainWordPiece(some, options)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  it('stops when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(trainWordPiece(texts, { size: 100, signal })).rejects.toThrow('enough');
  });
});

describe('the files of a tokenizer', () => {
  it('are loaded again, and give the pieces', async () => {
    const storage = new MemoryStorage();
    const pieces = await trainWordPiece(texts, { size: 1000 });
    await saveBertTokenizer(storage, pieces, { maxLength: 128 });
    const tokenizer = await loadTokenizer(storage);
    expect(tokenizer).toMatchObject({
      padTokenId: 0,
      maskTokenId: 4,
      modelMaxLength: 128,
      vocabularySize: pieces.length,
    });
    const [encoding] = await tokenizer.encode([{ text: 'The FOXES, runnér?', textPair: 'low lowest' }]);
    expect(encoding!.tokens.join(' ')).toBe('[CLS] the foxes , runn ##er [UNK] [SEP] low low ##est [SEP]');
    expect(encoding!.typeIds).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1]);
    expect(tokenizer.decode(encoding!.ids)).toBe('the foxes, runner low lowest');
  });

  it.skipIf(skipsGolden)('are those of MiniLM but for the vocabulary', async () => {
    const path = nodeStorage(sharedPath('models/all-minilm-l6-v2'));
    const wanted = await readJson(path, 'tokenizer.json');
    const { normalizer, pre_tokenizer, decoder } = bertTokenizerDefinition([...bertSpecialTokens]);
    expect(wanted).toMatchObject({ normalizer, pre_tokenizer, decoder });
  });

  it.skipIf(skipsPython)(
    'load in transformers and tokenizers, with equal ids',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'attune-wordpiece-'));
      const storage = nodeStorage(folder);
      await saveBertTokenizer(storage, await trainWordPiece(texts, { size: 1000 }));
      const samples = [...texts, 'unhappiest runners; [MASK] low-lying 東京 naïvely', 'Zebra x ΟΔΟΣ\u200b\ttab'];
      const script = [
        'import json, sys, transformers, tokenizers',
        'samples = json.loads(sys.argv[2])',
        'fast = transformers.AutoTokenizer.from_pretrained(sys.argv[1])',
        'rust = tokenizers.Tokenizer.from_file(sys.argv[1] + "/tokenizer.json")',
        'print(json.dumps([[fast(s)["input_ids"] for s in samples], [rust.encode(s).ids for s in samples], fast.mask_token_id]))',
      ].join('\n');
      const output = execFileSync(python ?? 'python3', ['-c', script, folder, JSON.stringify(samples)], {
        encoding: 'utf8',
      });
      const ids = (await (await loadTokenizer(storage)).encode(samples)).map((encoding) => encoding.ids);
      rmSync(folder, { recursive: true });
      expect(JSON.parse(output.trim().split('\n').at(-1)!)).toEqual([ids, ids, 4]);
    },
    120_000,
  );
});
