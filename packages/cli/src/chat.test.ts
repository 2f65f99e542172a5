/** `attune chat` over a pipe. */
import { nodeStorage } from '@attune/hub/node';
import { writeTinyLlama } from '@attune/models/testing/tiny-llama';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCommand, runPiped, testFolder } from './testing/run-command.js';

const folder = testFolder();
const { at, file } = folder;
const template = file('chat.jinja', '{% for m in messages %}{{ m.content }} {% endfor %}');
const options = ['--model', at('llama'), '--chat-template', template, '--threads', '1', '--max-new-tokens', '4'];

beforeAll(() => writeTinyLlama(nodeStorage(at('llama'))));
afterAll(() => folder.remove());

const answersOf = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ type }) => type === 'answer');

it('answers line by line, and begins again', async () => {
  const lines = ['the cat', 'sat on', '/reset', 'the cat', '/system the', 'cat', '/what', '', '/exit', 'more'];
  const { code, out, err, last } = await runPiped(lines.join('\n'), ['chat', ...options, '--json']);
  expect(code, err).toBe(0);
  const answers = answersOf(out);
  expect(answers).toHaveLength(4);
  // What `generate` writes after the same tokens; the tokenizer here puts others around a text of its own.
  expect(answers[2]).toEqual(answers[0]);
  expect(answers[3].text).toBe(answers[0].text);
  expect(err).toContain('/reset begins again');
  expect(last).toMatchObject({ type: 'result', turns: 4 });
  // Only what is new is computed: 2 tokens, then 3 more of 4 that were written, and so on; the third turn is known but for one.
  expect(last.computedTokens).toBeLessThan(2 + 3 + 1 + 2 + 3 + 2 + 2 + 3 + 2 + 3);
});

it('streams for people', async () => {
  const { code, out } = await runPiped('the cat\n', ['chat', ...options]);
  expect(code).toBe(0);
  const { out: lines } = await runPiped('the cat\n', ['chat', ...options, '--json']);
  expect(out.split('\n')[0]).toBe(answersOf(lines)[0].text);
});

it('says what it needs', async () => {
  const without = await runPiped('hi\n', ['chat', '--model', at('llama'), '--json']);
  expect(without.last).toMatchObject({ type: 'error', code: 'E_TEMPLATE' });
  const long = await runPiped(`${'the '.repeat(600)}\nthe cat\n`, ['chat', ...options, '--json']);
  expect(long.code).toBe(0);
  expect(long.out).toContain('/reset');
  expect(answersOf(long.out)).toHaveLength(1);
  expect((await runCommand(['chat', ...options, '--num-beams', '2', '--json'])).last).toMatchObject({
    code: 'E_CONFIG',
  });
});
