/** Directories whose tokenizer files disagree or are incomplete, with the ids of transformers. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { attuneFailure } from '@attune/testing/attune-failure';
import { afterAll, describe, expect, it } from 'vitest';
import { MemoryStorage } from './memory-storage.js';
import { nodeStorage } from './node-storage.js';
import { writeFile } from './storage.js';
import { python, skipsPython } from './testing/python.js';
import { loadTokenizer } from './tokenizer.js';
import { bertSpecialTokens, bertTokenizerDefinition } from './wordpiece/bert-tokenizer.js';

const letters = ['a', 'A', 'é', 'e', '中', 'b', '##b', '##é', '##e', 'token', 'Token'];
const vocabulary = [...bertSpecialTokens, ...letters];
const definition = bertTokenizerDefinition(vocabulary);
const cased = {
  ...definition,
  normalizer: {
    type: 'BertNormalizer',
    lowercase: false,
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
  },
};
const bert = { tokenizer_class: 'BertTokenizer' };
const fast = { tokenizer_class: 'PreTrainedTokenizerFast', unk_token: '[UNK]' };
const listed = {
  '16': { content: 'newtoken', special: false, normalized: false },
  '17': { content: '<X>', special: true, normalized: false },
};
const vocabText = `${vocabulary.join('\n')}\n`;
const texts = ['A Aé 中b eb', 'a newtoken Token <X> [MASK] ab', '<y> É é'];
const modelOf = (size: number) => ({ model_type: 'bert', vocab_size: size });

const directories: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'field 11 lower': { 'tokenizer.json': cased, 'tokenizer_config.json': { ...bert, do_lower_case: true } },
  'field 11 cased': { 'tokenizer.json': definition, 'tokenizer_config.json': { ...bert, do_lower_case: false } },
  'field 11 unsaid': { 'tokenizer.json': cased, 'tokenizer_config.json': bert },
  'field 11 accents': { 'tokenizer.json': definition, 'tokenizer_config.json': { ...bert, strip_accents: false } },
  'field 11 ideographs': {
    'tokenizer.json': definition,
    'tokenizer_config.json': { ...bert, tokenize_chinese_chars: false },
  },
  'field 11 another class': { 'tokenizer.json': cased, 'tokenizer_config.json': { ...fast, do_lower_case: true } },
  'field 12 listed': {
    'tokenizer.json': definition,
    'tokenizer_config.json': { ...bert, added_tokens_decoder: listed },
  },
  'field 12 listed, another class': {
    'tokenizer.json': definition,
    'tokenizer_config.json': { ...fast, added_tokens_decoder: listed },
  },
  'field 12 added_tokens.json': {
    'tokenizer.json': definition,
    'tokenizer_config.json': bert,
    'added_tokens.json': { newtoken: 16, '<X>': 17 },
  },
  'field 12 special_tokens_map.json': {
    'tokenizer.json': definition,
    'tokenizer_config.json': bert,
    'special_tokens_map.json': { additional_special_tokens: ['<X>', '<y>'] },
  },
  'field 12 additional': {
    'tokenizer.json': definition,
    'tokenizer_config.json': { ...bert, additional_special_tokens: ['<X>'] },
  },
  'field 13 vocab.txt': { 'vocab.txt': vocabText, 'tokenizer_config.json': { ...bert, do_lower_case: false } },
  'field 13 vocab.txt alone': { 'vocab.txt': vocabText },
};

describe.skipIf(skipsPython)('tokenizer files as transformers reads them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'attune-tokenizer-files-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('fields 11, 12 and 13: gives the same ids', async () => {
    const names = Object.keys(directories);
    for (const [name, files] of Object.entries(directories)) {
      mkdirSync(join(folder, name));
      for (const [file, content] of Object.entries({ 'config.json': modelOf(20), ...files })) {
        writeFileSync(join(folder, name, file), typeof content === 'string' ? content : JSON.stringify(content));
      }
    }
    const cases = join(folder, 'cases.json');
    writeFileSync(cases, JSON.stringify({ directories: names.map((name) => join(folder, name)), texts }));
    const script = fileURLToPath(new URL('./testing/tokenizer_files.py', import.meta.url));
    const output = execFileSync(python ?? 'python3', [script, cases], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const wanted = JSON.parse(output);
    for (const [index, name] of names.entries()) {
      const tokenizer = await loadTokenizer(nodeStorage(join(folder, name)));
      const ids = (await tokenizer.encode(texts)).map((encoding) => encoding.ids);
      expect({ name, ids }).toEqual({ name, ids: wanted[index] });
    }
  });
});

describe('a directory without tokenizer.json', () => {
  it('field 13: reads vocab.txt', async () => {
    const storage = new MemoryStorage('bert');
    await writeFile(storage, 'vocab.txt', vocabText);
    const tokenizer = await loadTokenizer(storage);
    expect(tokenizer.encodeText('A é [MASK]', undefined, 16).tokens).toEqual(['[CLS]', 'a', 'e', '[MASK]', '[SEP]']);
    expect(tokenizer.name).toBe('bert/vocab.txt');
  });

  it('field 13: says what is needed in place of other files', async () => {
    const storage = new MemoryStorage('gpt');
    await writeFile(storage, 'vocab.json', '{}');
    await writeFile(storage, 'merges.txt', '');
    const error = await attuneFailure(loadTokenizer(storage));
    expect(error).toMatchObject({ code: 'E_FILE_MISSING', file: 'gpt/tokenizer.json' });
    expect(error.message).toContain('vocab.json and merges.txt alone');
    expect(error.hint).toContain('save_pretrained');
  });
});
