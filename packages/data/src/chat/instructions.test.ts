import { attuneFailure } from '@attune/testing/attune-failure';
import { describe, expect, it } from 'vitest';
import { textSource } from '../byte-source.js';
import { instructionRows, instructions } from './instructions.js';
import { packRows } from './pack-rows.js';

const lines = (...rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).join('\n');
const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });
const read = (name: string, text: string, options = {}) => instructions(textSource(name, text), options).toArray();

describe('instructions', () => {
  it.each<readonly [string, object, object]>([
    ['messages', { messages: [user('a'), assistant('b')] }, { messages: [user('a'), assistant('b')] }],
    [
      'a prompt and a completion',
      { prompt: 'a', completion: 'b' },
      { kind: 'completion', prompt: 'a', completion: 'b' },
    ],
    [
      'messages in both',
      { prompt: [user('a')], completion: [assistant('b')] },
      { messages: [user('a'), assistant('b')], promptMessages: 1 },
    ],
    [
      'preference pairs',
      { prompt: [user('a')], chosen: [assistant('b')], rejected: [assistant('c')] },
      { messages: [user('a'), assistant('b')], promptMessages: 1 },
    ],
    [
      'Alpaca',
      { instruction: 'Add.', input: '1 1', output: '2', system: 's', history: [['q', 'r']] },
      {
        messages: [{ role: 'system', content: 's' }, user('q'), assistant('r'), user('Add.\n\n1 1'), assistant('2')],
        promptMessages: 4,
      },
    ],
    [
      'ShareGPT',
      {
        system: 's',
        conversations: [
          { from: 'human', value: 'a' },
          { from: 'function_call', value: '{"name":"f","arguments":{"x":1}}' },
          { from: 'observation', value: '2' },
          { from: 'gpt', value: 'b' },
        ],
        tools: '[{"name":"f"}]',
      },
      {
        messages: [
          { role: 'system', content: 's' },
          user('a'),
          { role: 'assistant', tool_calls: [{ type: 'function', function: { name: 'f', arguments: { x: 1 } } }] },
          { role: 'tool', content: '2' },
          assistant('b'),
        ],
        tools: [{ name: 'f' }],
      },
    ],
    [
      'calls with arguments as JSON, and contents in parts',
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'a' },
              { type: 'text', text: 'b' },
            ],
          },
          {
            role: 'assistant',
            content: null,
            tool_calls: [{ id: '1', function: { name: 'f', arguments: '{"x":1}' } }],
          },
        ],
      },
      {
        messages: [
          user('ab'),
          {
            role: 'assistant',
            content: null,
            tool_calls: [{ type: 'function', id: '1', function: { name: 'f', arguments: { x: 1 } } }],
          },
        ],
      },
    ],
    ['texts', { text: 'a' }, { kind: 'text', text: 'a' }],
  ])('finds the form: %s', async (_, row, example) => {
    const kind = 'messages' in example ? { kind: 'conversation' } : {};
    const expected = [{ ...kind, ...example, row: 1 }];
    expect(await read('data.jsonl', lines(row))).toEqual(expected);
    expect(await read('data.json', JSON.stringify([row]))).toEqual(expected);
    expect(await instructionRows([{ ...row }]).toArray()).toEqual(expected);
  });

  it('reads tables and lines of text', async () => {
    expect(await read('data.csv', 'prompt,completion\na,b\n')).toMatchObject([
      { prompt: 'a', completion: 'b', row: 2 },
    ]);
    expect(await read('data.csv', 'body,prompt,completion\nx,a,b\n', { text: 'body' })).toMatchObject([{ text: 'x' }]);
    expect(await read('data.txt', 'one\n\ntwo\n')).toMatchObject([{ text: 'one' }, { text: 'two', row: 3 }]);
  });

  it.each<readonly [string, object, RegExp]>([
    ['an empty completion', { prompt: 'a', completion: ' ' }, /data.jsonl:1 has an empty "completion"/],
    ['an empty answer', { messages: [user('a'), assistant('')] }, /1 has an empty answer \(messages\[1\]\)/],
    ['no messages', { messages: [] }, /1 has no list of messages/],
    ['a message without a role', { messages: [{ content: 'a' }] }, /a message without a role \(messages\[0\]\)/],
    ['an image', { messages: [{ role: 'user', content: [{ type: 'image' }] }] }, /whose content is no text/],
    ['an unknown speaker', { conversations: [{ from: 'alien', value: 'a' }] }, /a turn from "alien"; known are human/],
    [
      'half a conversation',
      { prompt: 'a', completion: [assistant('b')] },
      /a text in one of "prompt" and "completion"/,
    ],
    [
      'arguments that are no object',
      { messages: [{ role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: '[' } }] }] },
      /a call of f whose arguments/,
    ],
    ['tools that are no list', { messages: [user('a')], tools: '{}' }, /"tools" that are no list/],
  ])('refuses a row with %s, or skips it', async (_, row, message) => {
    const text = lines(row, {
      messages: [user('a')],
      prompt: 'a',
      completion: 'b',
      conversations: [{ from: 'human', value: 'a' }],
    });
    const [first] = text.split('\n');
    expect(await attuneFailure(read('data.jsonl', first ?? ''))).toMatchObject({
      code: 'E_DATA_ROWS',
      message: expect.stringMatching(message),
    });
    const own = Object.keys(row).join();
    if (own !== 'messages') return;
    const skipping = instructions(textSource('data.jsonl', text), { onBadRow: 'skip' });
    expect(await skipping.toArray()).toHaveLength(1);
    expect(await skipping.skipped()).toMatchObject([{ line: 1 }]);
  });

  it.each([
    [{ question: 'q', response: 'a' }, 'Call "question" prompt, and "response" completion.'],
    [{ dialog: [user('a')] }, 'Call "dialog" messages, with "role" and "content" in each.'],
    [{ body: 'a' }, 'Name the column of texts by --text-column (it is "text"), or use one of these forms: messages;'],
  ])('shows three rows of an unknown form, and names the fix: %j', async (row, hint) => {
    const error = await attuneFailure(read('data.jsonl', lines(row, row, row, row)));
    expect(error).toMatchObject({ code: 'E_DATA_COLUMN', field: 'text', hint: expect.stringContaining(hint) });
    expect(error.message.split('\n')).toEqual([
      'data.jsonl has no column "text", nor fields of conversations. Its first rows:',
      ...[1, 2, 3].map((line) => `data.jsonl:${line} ${JSON.stringify(row)}`),
    ]);
    expect(await attuneFailure(read('data.json', '{"messages": []}'))).toMatchObject({ code: 'E_DATA' });
  });

  it('packs texts into the rows that they fill best', () => {
    const text = (length: number, row: number) => {
      const ids = Array.from({ length }, (_, index) => row * 10 + index);
      return { ids, typeIds: ids.map(() => 0), labels: { labels: ids }, row, truncated: false };
    };
    const packed = packRows([text(2, 1), text(5, 2), text(3, 3), text(4, 4), text(1, 5)], 6);
    expect(packed.map(({ ids }) => ids)).toEqual([
      [20, 21, 22, 23, 24, 50],
      [40, 41, 42, 43, 10, 11],
      [30, 31, 32],
    ]);
    expect(packed[1]?.labels).toEqual({ labels: [-100, 41, 42, 43, -100, 11], positionIds: [0, 1, 2, 3, 0, 1] });
  });
});
