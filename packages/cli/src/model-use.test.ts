/** What the commands do with the directories that they are given, on a tiny BERT. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { loadTokenizer } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, testFolder } from './testing/run-command.js';

const folder = testFolder();
const { at, file } = folder;
const attune = (...args: string[]) => runCommand([...args, '--json']);
const train = (model: string, output: string, ...more: string[]) =>
  attune(
    ...['train', '--model', at(model), '--train', at('train.csv'), '--eval', at('train.csv'), '--output', at(output)],
    ...[
      '--max-length',
      '16',
      '--batch-size',
      '4',
      '--epochs',
      '8',
      '--learning-rate',
      '1e-2',
      '--threads',
      '1',
      ...more,
    ],
  );
const evaluate = (model: string) =>
  attune('evaluate', '--model', at(model), '--data', at('train.csv'), '--threads', '1');
const predict = (model: string, ...more: string[]) =>
  attune('predict', '--model', at(model), '--text', 'the cat sat', '--threads', '1', ...more);

interface Ranked {
  readonly labels: readonly { readonly label: string; readonly probability: number }[];
}
const isRanked = (value: object): value is Ranked => 'labels' in value && Array.isArray(value.labels);

beforeAll(async () => {
  await writeTinyBert(nodeStorage(at('model')));
  const rows = ['mat', 'paris', 'bonn', 'good'].flatMap((word) => [`the cat ${word},cat`, `the dog ${word},dog`]);
  file('train.csv', `text,label\n${rows.join('\n')}\n`);
  expect((await train('model', 'adapter')).code).toBe(0);
});
afterAll(() => folder.remove());

describe('an adapter as --model of train', () => {
  it('is where training starts: its base with it folded in, whatever the strategy', async () => {
    const before = (await evaluate('adapter')).last;
    const full = await train('adapter', 'full', '--strategy', 'full', '--epochs', '1', '--learning-rate', '1e-9');
    expect(full.err).toContain('training starts from its base with the adapter folded in');
    expect(full.code).toBe(0);
    const after = (await evaluate('full')).last;
    expect(after.loss).toBeCloseTo(Number(before.loss), 4);
    expect(existsSync(at('full/base'))).toBe(false);
  });

  it('a new adapter names the merged base, which lies beside it and moves with it', async () => {
    const { code } = await train('adapter', 'second', '--epochs', '1', '--learning-rate', '1e-9');
    expect(code).toBe(0);
    expect(readdirSync(at('second/base'))).toEqual(expect.arrayContaining(['config.json', 'model.safetensors']));
    const before = (await evaluate('adapter')).last;
    expect((await evaluate('second')).last.loss).toBeCloseTo(Number(before.loss), 4);
    cpSync(at('second'), at('moved'), { recursive: true });
    renameSync(at('second'), at('gone'));
    expect((await evaluate('moved')).last.loss).toBeCloseTo(Number(before.loss), 4);
    expect((await train('moved', 'third', '--epochs', '1')).code).toBe(0);
  });

  it('other labels mean a new head; nothing is written under --dry-run', async () => {
    const other = file('other.csv', 'text,label\nthe cat,x\nthe dog,y\nthe mat,z\n');
    const { code, last } = await train('adapter', 'relabelled', '--train', other, '--eval', other, '--dry-run');
    expect([code, last.labels]).toEqual([0, ['x', 'y', 'z']]);
    expect(existsSync(at('relabelled'))).toBe(false);
  });
});

it('a model without a trained head does not answer', async () => {
  const ends = [
    await predict('model'),
    await evaluate('model'),
    await attune('merge', '--model', at('model'), '--output', at('untrained')),
    await attune('export', '--model', at('model'), '--output', at('untrained.onnx')),
  ];
  for (const { code, last } of ends) {
    expect(code).toBe(2);
    expect(last).toMatchObject({ code: 'E_MODEL_UNTRAINED', hint: expect.stringContaining('attune train') });
    expect(last.message).toContain('classifier.weight');
  }
  expect(existsSync(at('untrained'))).toBe(false);
});

it('a finished run that is resumed reports its metrics', async () => {
  const first = await train('model', 'finished');
  const again = await train('model', 'finished', '--resume');
  const { accuracy, macroF1 } = (await evaluate('finished')).last;
  expect(again.last).toMatchObject({ type: 'result', metrics: { accuracy, macroF1 } });
  expect(again.last.metrics).toEqual(first.last.metrics);
});

describe('what is no model or output', () => {
  it('a file, a checkpoint, nothing', async () => {
    const checkpoint = readdirSync(at('adapter')).find((name) => name.startsWith('checkpoint-'))!;
    const [aFile, aCheckpoint, nothing] = [
      await predict('train.csv'),
      await train(`adapter/${checkpoint}`, 'from-checkpoint'),
      await predict('nowhere'),
    ];
    expect(aFile).toMatchObject({ code: 2, last: { code: 'E_CONFIG', message: expect.stringContaining('is a file') } });
    expect(aCheckpoint.last.message).toContain('is a checkpoint');
    expect(aCheckpoint).toMatchObject({ code: 2, last: { hint: expect.stringContaining(`lies in ${at('adapter')}`) } });
    expect(nothing).toMatchObject({ code: 2, last: { code: 'E_FILE_MISSING' } });
  });

  it('files and directories in the place of each other', async () => {
    const ends = [
      await train('model', 'train.csv'),
      await attune('merge', '--model', at('adapter'), '--output', at('train.csv')),
      await attune('merge', '--model', at('adapter'), '--output', at('train.csv/sub')),
      await attune('export', '--model', at('adapter'), '--output', at('train.csv')),
    ];
    expect(ends.map(({ code, last }) => [code, last.code])).toEqual(ends.map(() => [2, 'E_OUTPUT_EXISTS']));
  });

  it('attune inspect does not wait for a pipe', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    expect(await attune('inspect', at('pipe'))).toMatchObject({ code: 2, last: { code: 'E_CONFIG' } });
    rmSync(at('pipe'));
  });
});

it('predict warns of texts that were cut', async () => {
  const { last, err } = await runCommand([
    ...['predict', '--model', at('adapter'), '--text', 'the cat sat on the mat', '--max-length', '4', '--threads', '1'],
  ]);
  expect(last).toEqual({});
  expect(err).toContain('1 of 1 texts are longer than 4 tokens and were cut');
});

it('attune export writes what onnxruntime runs, with the logits of the command, an adapter folded in', async () => {
  const { last } = await attune('export', '--model', at('adapter'), '--output', at('model.onnx'));
  const open = { shape: ['batch', 'tokens'] };
  expect(last.inputs).toMatchObject([open, open, open]);
  const session = await InferenceSession.create(at('model.onnx'));
  const tokenizer = await loadTokenizer(nodeStorage(at('model')));
  const { ids } = tokenizer.encodeText('the cat sat', undefined, 16);
  const padded = (values: readonly number[]) =>
    new Tensor(
      'int64',
      BigInt64Array.from({ length: 16 }, (_, index) => BigInt(values[index] ?? 0)),
      [1, 16],
    );
  const outputs = await session.run({
    input_ids: padded(ids),
    attention_mask: padded(ids.map(() => 1)),
    token_type_ids: padded([]),
  });
  const logits = Array.from(await outputs.logits!.getData(), Number);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
  const answer = (await predict('adapter')).last;
  const ranked = isRanked(answer) ? answer.labels : [];
  const found = new Map(ranked.map(({ label, probability }) => [label, probability]));
  expect(found.size).toBe(2);
  for (const [index, label] of ['cat', 'dog'].entries()) {
    expect(Math.exp(logits[index]!) / total).toBeCloseTo(found.get(label)!, 5);
  }
  await session.release();
});

it('attune export says where a length does not fit', async () => {
  mkdirSync(at('out'), { recursive: true });
  const end = await attune('export', '--model', at('adapter'), '--output', at('out/long.onnx'), '--max-length', '100');
  expect(end).toMatchObject({ code: 2, last: { code: 'E_TOO_LONG', field: 'maxLength' } });
  expect(end.last.message).toMatch(/^--max-length is 100; .* has 64 positions/);
});
