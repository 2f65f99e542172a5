/** The comparison of golden encodings notices every field, and says what it cannot serve. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { referenceBackend } from '@attune/ir';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runParity } from './run.js';

const special = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } });
const sequence = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
const definition = {
  added_tokens: ['[PAD]', '[UNK]', '[S]'].map((content, id) => ({ id, content, special: content !== '[UNK]' })),
  normalizer: { type: 'BertNormalizer', lowercase: true },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    vocab: Object.fromEntries(['[PAD]', '[UNK]', '[S]', 'a', '##b', 'cafe', '!'].map((token, id) => [token, id])),
  },
  post_processor: {
    type: 'TemplateProcessing',
    single: [special('[S]', 0), sequence('A', 0), special('[S]', 0)],
    pair: [special('[S]', 0), sequence('A', 0), special('[S]', 0), sequence('B', 1)],
    special_tokens: { '[S]': { id: '[S]', ids: [2], tokens: ['[S]'] } },
  },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
};

/** "😀 Café ab!": the offsets count code points. */
const text = '😀 Café ab!';
const golden = {
  text,
  ids: [2, 1, 5, 3, 4, 6, 2],
  attention_mask: [1, 1, 1, 1, 1, 1, 1],
  tokens: ['[S]', '[UNK]', 'cafe', 'a', '##b', '!', '[S]'],
  type_ids: [0, 0, 0, 0, 0, 0, 0],
  special_tokens_mask: [1, 0, 0, 0, 0, 0, 1],
  offsets: [
    [0, 0],
    [0, 1],
    [2, 6],
    [7, 8],
    [8, 9],
    [9, 10],
    [0, 0],
  ],
  offsets_utf16: [
    [0, 0],
    [0, 2],
    [3, 7],
    [8, 9],
    [9, 10],
    [10, 11],
    [0, 0],
  ],
  word_ids: [null, 0, 1, 2, 2, 3, null],
  ids_without_special: [1, 5, 3, 4, 6],
  decoded: '[UNK] cafe ab!',
};
const pair = {
  a: 'a',
  b: 'ab ab',
  truncation: { max_length: 5, strategy: 'only_second' },
  ids: [2, 3, 2, 3, 4],
  sequence_ids: [null, 0, null, 1, 1],
};
const refusal = { a: 'a', b: 'ab ab', truncation: { max_length: 5, strategy: 'only_first' }, error: 'too short' };
const windows = {
  text: 'a! a!',
  truncation: { max_length: 4, stride: 1 },
  windows: [{ ids: [2, 3, 6, 2] }, { ids: [2, 6, 3, 2] }, { ids: [2, 3, 6, 2] }],
};
const batch = {
  texts: ['a', 'ab'],
  padding_side: 'left',
  options: { padding: true, pad_to_multiple_of: 3 },
  input_ids: [
    [0, 0, 0, 2, 3, 2],
    [0, 0, 2, 3, 4, 2],
  ],
  attention_mask: [
    [0, 0, 0, 1, 1, 1],
    [0, 0, 1, 1, 1, 1],
  ],
};

describe('golden encodings', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'attune-tokenizers-'));
    await mkdir(join(root, 'models/tiny-bert'), { recursive: true });
    await mkdir(join(root, 'golden/any-name'), { recursive: true });
    await writeFile(join(root, 'models/tiny-bert/tokenizer.json'), JSON.stringify(definition));
  });
  afterEach(() => rm(root, { recursive: true }));

  async function run(content: unknown) {
    await writeFile(join(root, 'golden/any-name/file.json'), JSON.stringify(content));
    const lines: string[] = [];
    await runParity(join(root, 'golden'), { backend: referenceBackend(), print: (line) => lines.push(line) });
    return lines;
  }

  it('compares texts, pairs, refusals, windows and batches', async () => {
    const cases = [golden, pair, refusal, windows, batch].map((each) => ({ tokenizer: 'tiny', ...each }));
    const lines = await run({ cases });
    expect(lines).toEqual([expect.stringMatching(/^ok +any-name\/file\/tiny/), '1 passed, 0 failed, 0 not supported']);
  });

  it.each(Object.keys(golden).filter((field) => field !== 'text'))('notices another value of %s', async (field) => {
    const value: unknown = Reflect.get(golden, field);
    const changed =
      typeof value === 'string'
        ? `${value}.`
        : Array.isArray(value)
          ? value.toSpliced(1, 1, field === 'tokens' ? 'x' : field.startsWith('offsets') ? [1, 1] : 9)
          : value;
    const lines = await run({ tokenizer: 'tiny-bert', cases: [{ ...golden, [field]: changed }] });
    expect(lines).toEqual([expect.stringMatching(/^FAILED any-name\/file /), '0 passed, 1 failed, 0 not supported']);
  });

  it.each([
    { ...pair, sequence_ids: [null, 0, null, 0, 1] },
    { ...refusal, truncation: { max_length: 5, strategy: 'only_second' } },
    { ...windows, windows: windows.windows.slice(1) },
    {
      ...batch,
      attention_mask: [
        [1, 0, 0, 1, 1, 1],
        [0, 0, 1, 1, 1, 1],
      ],
    },
  ])('notices a wrong case of the other kinds', async (wrong) => {
    expect((await run({ tokenizer: 'tiny-bert', cases: [wrong] })).at(-1)).toBe('0 passed, 1 failed, 0 not supported');
  });

  it('names what it cannot serve', async () => {
    const lines = await run({ tokenizer: 'absent', cases: [golden] });
    expect(lines).toEqual([
      expect.stringContaining('the model absent is not beside'),
      '0 passed, 0 failed, 1 not supported',
    ]);
  });

  it('runs conversations, and notices a wrong label', async () => {
    const chats = (labels: readonly number[]) => ({
      tokenizer: 'tiny-bert',
      chat_template: '{% for m in messages %}{{ m.content }} {% endfor %}{% if add_generation_prompt %}!{% endif %}',
      training_template: '{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %} {% endfor %}',
      cases: [
        {
          messages: [{ role: 'assistant', content: 'cafe' }],
          with_generation_prompt: { text: 'cafe !', ids: [5, 6] },
          labels_assistant_only: labels,
        },
      ],
    });
    expect((await run(chats([5]))).at(-1)).toBe('1 passed, 0 failed, 0 not supported');
    expect((await run(chats([-100]))).at(-1)).toBe('0 passed, 1 failed, 0 not supported');
  });
});
