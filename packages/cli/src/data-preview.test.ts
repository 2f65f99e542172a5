/** `attune data preview`, and instruction tuning by the command. */
import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { writeFile } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { writeTinyLlama } from '@attune/models/testing/tiny-llama';
import pico from 'picocolors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, testFolder } from './testing/run-command.js';

const folder = testFolder();
const { at, file } = folder;
const talk = (question: string, answer: string) => ({
  messages: [
    { role: 'user', content: question },
    { role: 'assistant', content: answer },
  ],
});
const lines = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join('\n');

beforeAll(async () => {
  const model = nodeStorage(at('llama'));
  await writeTinyLlama(model);
  await writeFile(model, 'chat_template.jinja', '{% for m in messages %}{{ m.content }}[SEP]{% endfor %}');
  file('talks.jsonl', lines([talk('the cat', 'good'), talk('the dog', 'very bad'), talk('where', 'in bonn')]));
});
afterAll(() => folder.remove());

const preview = (...more: string[]) =>
  runCommand(['data', 'preview', at('talks.jsonl'), '--model', at('llama'), ...more]);

describe('attune data preview', () => {
  it('shows tokens, what is learned of them, truncation and packing', async () => {
    const plain = await preview('--assistant-only-loss', '--top', '1');
    expect(plain.code, plain.err).toBe(0);
    // Where CI is set there are colours in files too.
    const learned = pico.isColorSupported ? 'good [SEP]' : '⟦good [SEP]⟧';
    expect(stripVTControlCharacters(plain.out).split('\n')).toEqual([
      `${at('talks.jsonl')}:1  5 tokens, 2 learned`,
      `the cat [SEP]${learned}`,
      '',
      `${at('talks.jsonl')}: 3 rows of at most 256 tokens, 16 tokens, 8 of them learned; 0 rows cut, 0 skipped`,
      '',
    ]);
    const packed = await preview('--assistant-only-loss', '--packing', '--max-length', '12', '--json');
    expect(packed.last).toMatchObject({ rows: 2, tokens: 16, truncated: 0, maxLength: 12 });
    const [first] = [packed.last.examples].flat();
    expect(first).toMatchObject({
      tokens: ['the', 'dog', '[SEP]', 'very', 'bad', '[SEP]', 'the', 'cat', '[SEP]', 'good', '[SEP]'],
      positionIds: [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4],
      learned: [false, false, false, true, true, true, false, false, false, true, true],
    });
    const cut = await preview('--assistant-only-loss', '--max-length', '4', '--json');
    expect(cut.last).toMatchObject({
      truncated: 3,
      examples: [{}, { tokens: ['[SEP]', 'very', 'bad', '[SEP]'] }, {}],
    });
  });

  it('names what is wrong with a file, a template and its place', async () => {
    file('odd.jsonl', lines([{ question: 'a', answer: 'b' }]));
    const odd = await runCommand(['data', 'preview', at('odd.jsonl'), '--model', at('llama')]);
    expect(odd.code).toBe(2);
    expect(odd.err).toContain('Call "question" prompt, and "answer" completion.');
    file('endless.jinja', '{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}');
    const endless = await preview('--chat-template', at('endless.jinja'), '--json');
    expect([endless.code, endless.last.code]).toEqual([2, 'E_TEMPLATE_BUDGET']);
    expect(endless.last.message).toContain('endless.jinja: the chat template took longer than');
  });
});

it('attune train learns answers, and keeps the template that is given', async () => {
  const rows = readFileSync(at('talks.jsonl'), 'utf8');
  file('many.jsonl', `${rows}\n`.repeat(8));
  const isAsked = "{{ ' is ' if add_generation_prompt }}";
  const turn = "{{ ' is ' if m.role == 'assistant' }}{{ m.content }}[SEP]";
  file('own.jinja', `[CLS]{% for m in messages %}${turn}{% endfor %}${isAsked}`);
  const trained = await runCommand([
    ...['train', '--task', 'causal-language-modeling', '--model', at('llama'), '--train', at('many.jsonl')],
    ...[
      '--assistant-only-loss',
      '--packing',
      '--loss-type',
      'dft',
      '--chat-template',
      at('own.jinja'),
      '--threads',
      '1',
    ],
    ...[
      '--strategy',
      'lora',
      '--target-modules',
      'all-linear',
      '--output',
      at('taught'),
      '--epochs',
      '30',
      '--max-length',
      '24',
    ],
    ...['--batch-size', '2', '--learning-rate', '0.02'],
  ]);
  expect(trained.code, trained.err).toBe(0);
  expect(await nodeStorage(at('taught')).exists('chat_template.jinja')).toBe(true);
  const prompt = ['--prompt', 'the dog[SEP] is', '--max-new-tokens', '4', '--json', '--threads', '1'];
  const { last } = await runCommand(['generate', '--model', at('taught'), ...prompt]);
  expect(last.text).toBe('very bad');
  const measured = await runCommand([
    ...['evaluate', '--model', at('taught'), '--data', at('talks.jsonl'), '--assistant-only-loss'],
    ...['--chat-template', at('own.jinja'), '--token-accuracy', '--json', '--threads', '1'],
  ]);
  expect(measured.last).toMatchObject({ tokenAccuracy: 1 });
});
