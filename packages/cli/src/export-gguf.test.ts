/** `attune export --format gguf`. */
import { existsSync, readFileSync } from 'node:fs';
import { openGguf } from '@attune/hub/internal';
import { nodeStorage } from '@attune/hub/node';
import { createModel } from '@attune/models';
import { tinyDecoders } from '@attune/models/testing/tiny-decoders';
import { byteLevelTokenizer, tokenizerFiles } from '@attune/models/testing/tiny-tokenizers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCommand, testFolder } from './testing/run-command.js';

const folder = testFolder();
const { at, file } = folder;
const task = 'causal-language-modeling';

beforeAll(async () => {
  const config = { ...tinyDecoders.llama, eos_token_id: 1 };
  const tokenizer = await tokenizerFiles(byteLevelTokenizer);
  await (await createModel(config, { task, seed: 3, tokenizer })).save(nodeStorage(at('base')));
  const lines = file('lines.txt', 'the thing in the rain\n'.repeat(8));
  const { code, err } = await runCommand([
    ...['train', '--task', task, '--model', at('base'), '--train', lines, '--output', at('adapter'), '--threads', '1'],
    ...['--strategy', 'lora', '--target-modules', 'all-linear', '--max-steps', '4', '--learning-rate', '0.05'],
  ]);
  expect(code, err).toBe(0);
});
afterAll(() => folder.remove());

const run = (...args: string[]) => runCommand([...args, '--json']);
const exported = (...args: string[]) => run('export', '--model', at('adapter'), ...args);
const written = (model: string) =>
  run('generate', '--model', model, '--prompt', 'the', '--max-new-tokens', '8', '--threads', '1');

it('writes a directory that generates as the adapter does, with a Modelfile; a second export replaces it', async () => {
  for (const dtype of ['q8_0', 'f32']) {
    const { code, err } = await exported('--format', 'gguf', '--dtype', dtype, '--output', at('gguf'));
    expect(code, err).toBe(0);
  }
  expect(readFileSync(at('gguf/Modelfile'), 'utf8')).toBe('FROM ./model.gguf\nPARAMETER stop "</s>"\n');
  const before = await written(at('adapter'));
  const after = await written(at('gguf'));
  expect(after.last).toMatchObject({ text: before.last.text, tokens: before.last.tokens });
  const text = file('gguf/Modelfile', 'FROM mine\n');
  const refused = await exported('--format', 'gguf', '--output', at('gguf'));
  expect([refused.code, refused.last.message]).toEqual([2, expect.stringContaining('Modelfile')]);
  expect(readFileSync(text, 'utf8')).toBe('FROM mine\n');
});

it('writes the adapter alone, scaled as it was', async () => {
  const { code, last } = await exported('--output', at('lora.gguf'), '--adapter-only');
  expect([code, last.message]).toEqual([0, undefined]);
  const { metadata, tensors } = await openGguf(nodeStorage(at('.')), 'lora.gguf');
  expect(metadata.get('adapter.type')).toBe('lora');
  const config = JSON.parse(readFileSync(at('adapter/adapter_config.json'), 'utf8'));
  expect(metadata.get('adapter.lora.alpha')).toBe(config.lora_alpha);
  expect(tensors.get('blk.1.attn_q.weight.lora_a')?.shape).toEqual([config.r, 16]);
  expect(tensors.get('blk.1.attn_k.weight.lora_b')?.shape).toEqual([8, config.r]);
  expect([...tensors.keys()]).toHaveLength(2 * 7 * 2);
});

it.each([
  ['an option of the other format', ['--format', 'onnx', '--dtype', 'f16', '--output', 'x'], /--dtype.*--format gguf/],
  ['an option of onnx', ['--output', 'x.gguf', '--max-length', '4'], /--max-length.*--format onnx/],
])('refuses %s', async (_, args, message) => {
  const { code, last } = await exported(...args.map((arg) => (arg.startsWith('x') ? at(arg) : arg)));
  expect([code, last.message]).toEqual([2, expect.stringMatching(message)]);
  expect(existsSync(at('x.gguf'))).toBe(false);
});

it('refuses a model without an adapter, and one that writes no texts, by name', async () => {
  const alone = await run('export', '--model', at('base'), '--output', at('y.gguf'), '--adapter-only');
  expect([alone.code, alone.last.message]).toEqual([2, expect.stringContaining('adapter_config.json')]);
});
