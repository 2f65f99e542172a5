import { readFileSync } from 'node:fs';
import { type EncodedDataset, instructionRows } from '@attune/data';
import { ChatTemplate, loadTokenizer, type Tokenizer } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { attuneFailure } from '@attune/testing/attune-failure';
import { beforeAll, describe, expect, it } from 'vitest';
import { sharedPath, skipsGolden } from '../../../hub/src/testing/python.js';
import { tinyBert } from '../../../models/src/testing/tiny-bert.js';
import { encodeInstructions, type InstructionEncoding } from './encode-instructions.js';
import { keptTokens } from './kept-tokens.js';

const named = (text: string) => new ChatTemplate('template', new Map([['default', text]]));
const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });

const labelsOf = ({ examples }: EncodedDataset) => examples.map(({ labels }) => labels.labels);

describe.skipIf(skipsGolden)('what is learned of conversations, as golden labels have it', () => {
  const golden = JSON.parse(readFileSync(sharedPath('golden/tokenizers/chat.json'), 'utf8'));
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = await loadTokenizer(nodeStorage(sharedPath(`models/${golden.tokenizer}`)));
  });

  const answered = golden.cases.filter(
    ({
      labels_assistant_only: labels,
      messages,
    }: {
      labels_assistant_only: number[];
      messages: { content: string }[];
    }) => labels.some((label) => label !== -100) && messages.every(({ content }) => content !== ''),
  );

  it.each(['training_template', 'chat_template'])('of the assistant, by %s', async (field) => {
    const encoded = await encodeInstructions(instructionRows(answered), tokenizer, {
      maxLength: 512,
      template: async () => named(golden[field]),
      assistantOnlyLoss: true,
    });
    expect(labelsOf(encoded)).toEqual(
      answered.map(({ labels_assistant_only: labels }: { labels_assistant_only: number[] }) => labels),
    );
  });

  it('of the last turn', async () => {
    const last = golden.cases.filter(
      (each: { labels_last_turn_only?: number[]; messages: { content: string }[] }) =>
        each.labels_last_turn_only && each.messages.at(-1)?.content,
    );
    const rows = last.map(({ messages }: { messages: object[] }) => ({
      prompt: messages.slice(0, -1),
      completion: messages.slice(-1),
    }));
    const template = async () => named(golden.chat_template);
    const encoded = await encodeInstructions(instructionRows(rows), tokenizer, { maxLength: 512, template });
    expect(labelsOf(encoded)).toEqual(
      last.map((each: { labels_last_turn_only: number[] }) => each.labels_last_turn_only),
    );
  });
});

describe('encodeInstructions', () => {
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = await loadTokenizer(await tinyBert());
  });
  const plain = '{% for m in messages %}{{ m.content }}[SEP]{% endfor %}';
  const encode = (
    rows: readonly object[],
    options: Partial<InstructionEncoding> & { readonly onBadRow?: 'skip' } = {},
  ) => {
    const { onBadRow = 'error', ...rest } = options;
    const data = instructionRows(
      rows.map((row) => ({ ...row })),
      { onBadRow },
    );
    const template = async () => named(plain);
    return encodeInstructions(data, tokenizer, { maxLength: 16, template, ...rest });
  };
  const talk = { messages: [user('the cat'), assistant('the dog'), user('the'), assistant('cat')] };

  it('learns all of a conversation, the assistant, or completions', async () => {
    const [the, cat, dog, end, begin] = ['the', 'cat', 'dog', '[SEP]', '[CLS]'].map(
      (token) => tokenizer.encodePlain(token)[0],
    );
    const none = -100;
    expect(labelsOf(await encode([talk]))).toEqual([[the, cat, end, the, dog, end, the, end, cat, end]]);
    expect(labelsOf(await encode([talk], { assistantOnlyLoss: true }))).toEqual([
      [none, none, none, the, dog, end, none, none, cat, end],
    ]);
    const completion = { prompt: 'the cat', completion: ' the dog' };
    // The tokenizer frames a text with [CLS] and [SEP]; the latter ends it.
    expect(labelsOf(await encode([completion]))).toEqual([[none, none, none, the, dog, end]]);
    expect(labelsOf(await encode([completion], { completionOnlyLoss: false }))).toEqual([
      [begin, the, cat, the, dog, end],
    ]);
    const both = { prompt: talk.messages.slice(0, 3), completion: talk.messages.slice(3) };
    expect(labelsOf(await encode([both], { assistantOnlyLoss: true }))).toEqual([[...Array(8).fill(none), cat, end]]);
  });

  it('refuses rows of which nothing is learned, or counts and drops them', async () => {
    const rows = [talk, { messages: [user('the cat')] }];
    expect(await attuneFailure(encode(rows, { assistantOnlyLoss: true }))).toMatchObject({
      code: 'E_DATA_ROWS',
      message: expect.stringContaining('the rows:2 has nothing to learn'),
    });
    const { dataset, warnings } = await encode(rows, { assistantOnlyLoss: true, onBadRow: 'skip' });
    expect([dataset.length, dataset.skippedRows, warnings]).toEqual([1, 1, ['1 row of the rows was skipped.']]);
    expect(await attuneFailure(encode(rows.slice(1), { assistantOnlyLoss: true, onBadRow: 'skip' }))).toMatchObject({
      code: 'E_DATA_EMPTY',
    });
  });

  it('leaves the order of turns to the template, and names the row that it refuses', async () => {
    const turns = [{ messages: [assistant('the cat')] }, { messages: [user('the'), user('cat'), assistant('the')] }];
    expect((await encode(turns)).dataset.length).toBe(2);
    const strict =
      "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}{{ m.content }}{% endfor %}";
    const error = await attuneFailure(encode([talk, ...turns], { template: async () => named(strict) }));
    expect(error.message).toContain('the rows:2 is refused by the chat template: roles must alternate');
    expect(error.message).toContain('the rows:3 is refused');
  });

  it('names templates that write earlier turns otherwise later on', async () => {
    const forgetful = '{% for m in messages %}{{ m.content if loop.last else "cat" }}[SEP]{% endfor %}';
    const error = await attuneFailure(
      encode([talk], { assistantOnlyLoss: true, template: async () => named(forgetful) }),
    );
    expect(error).toMatchObject({ code: 'E_DATA_ROWS', message: expect.stringContaining('{% generation %}') });
  });

  it('cuts rows so that the answer stays', async () => {
    const long = { prompt: 'the '.repeat(30), completion: 'cat dog' };
    const { examples, warnings } = await encode([long]);
    expect(examples[0]).toMatchObject({ truncated: true });
    expect(examples[0]?.ids).toHaveLength(16);
    expect(examples[0]?.ids.slice(-3)).toEqual([
      ...tokenizer.encodePlain('cat dog'),
      tokenizer.endTokenId ?? tokenizer.encodePlain('[SEP]')[0],
    ]);
    expect(warnings).toEqual(['1 of 1 rows of the rows are longer than 16 tokens and were cut.']);
    const learned = (...spans: readonly (readonly [boolean, number])[]) =>
      spans.flatMap(([is, count]) => Array<boolean>(count).fill(is));
    expect(keptTokens(learned([false, 4], [true, 4]), 8)).toEqual([0, 8]);
    expect(keptTokens(learned([false, 2], [true, 2], [false, 20]), 8)).toEqual([0, 8]);
    expect(keptTokens(learned([false, 20], [true, 3], [false, 2]), 8)).toEqual([15, 23]);
    expect(keptTokens(learned([false, 20], [true, 30]), 8)).toEqual([18, 26]);
    expect(keptTokens(learned([true, 20]), 8)).toEqual([0, 8]);
  });
});
