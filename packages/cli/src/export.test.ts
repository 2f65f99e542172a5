/** `attune export`, whose files the runtime runs at sizes that no program was traced at. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { nodeStorage } from '@attune/hub/node';
import { openTrainedModel } from '@attune/inference';
import { type HostTensor, hostTensor } from '@attune/ir';
import { forwardOutputs } from '@attune/models/testing/forward-outputs';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, testFolder } from './testing/run-command.js';

const folder = testFolder();
const { at, file } = folder;

const answers = { text: ['cat'], answer_start: [4] };
const data = {
  'sequence-classification': file('labels.csv', 'text,label\nthe cat,cat\nthe dog,dog\n'),
  'token-classification': file('tags.conll', 'the O\ncat B-pet\n\nthe O\ndog B-pet\n'),
  'question-answering': file('questions.jsonl', JSON.stringify({ question: 'who', context: 'the cat', answers })),
  'masked-language-modeling': file('lines.txt', 'the cat sat\nthe dog sat\n'),
} as const;
type Task = keyof typeof data;

beforeAll(() => writeTinyBert(nodeStorage(at('base'))));
afterAll(() => folder.remove());

/** Trains one step, so that no layer is as it began, and exports. */
async function exported(task: Task, strategy: string, ...options: string[]) {
  const [model, output] = [at(`${task}-${strategy}`), at(`${task}-${strategy}${options.join('')}.onnx`)];
  if (!(await nodeStorage(model).exists(''))) {
    const { code } = await runCommand([
      ...['train', '--task', task, '--model', at('base'), '--train', data[task], '--output', model, '--threads', '1'],
      ...['--strategy', strategy, '--max-length', '16', '--max-steps', '1', '--learning-rate', '1e-2'],
    ]);
    expect(code).toBe(0);
  }
  const { code, last } = await runCommand(['export', '--model', model, '--output', output, '--json', ...options]);
  expect(code).toBe(0);
  return { model, last, session: await InferenceSession.create(output) };
}

/** Tokens of some rows, the last of which is padded by half. */
function batchOf(rows: number, tokens: number): Readonly<Record<string, HostTensor>> {
  const fill = (value: (row: number, token: number) => number) =>
    hostTensor(
      [rows, tokens],
      Int32Array.from({ length: rows * tokens }, (_, index) => value(Math.floor(index / tokens), index % tokens)),
      'i32',
    );
  const isToken = (row: number, token: number) => row < rows - 1 || token <= tokens / 2;
  return {
    inputIds: fill((row, token) => (isToken(row, token) ? 4 + ((3 * row + 5 * token) % 11) : 0)),
    attentionMask: fill((row, token) => Number(isToken(row, token))),
    tokenTypeIds: fill((_, token) => Number(token > 2)),
  };
}

const feedsOf = (batch: Readonly<Record<string, HostTensor>>, dtype: 'int64' | 'int32' = 'int64') =>
  Object.fromEntries(
    Object.entries(batch).map(([name, { type, data: numbers }]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      dtype === 'int64'
        ? new Tensor('int64', BigInt64Array.from(numbers, BigInt), [...type.shape])
        : new Tensor('int32', Int32Array.from(numbers), [...type.shape]),
    ]),
  );

/** What the model gives by the float64 interpreter, by name. */
async function predictions(model: string, batch: Readonly<Record<string, HostTensor>>) {
  const { loaded, merged } = await openTrainedModel(model);
  return forwardOutputs(loaded.model, merged(), batch);
}

describe('an exported model', () => {
  it.each<[Task, string]>([
    ['sequence-classification', 'lora'],
    ['token-classification', 'full'],
    ['question-answering', 'full'],
    ['masked-language-modeling', 'full'],
  ])('field 35: of %s (%s) takes int64 and gives at any size what the model gives', async (task, strategy) => {
    const { model, last, session } = await exported(task, strategy);
    const names = ['input_ids', 'attention_mask', 'token_type_ids'];
    expect(last.inputs).toEqual(names.map((name) => ({ name, shape: ['batch', 'tokens'], dtype: 'int64' })));
    for (const [rows, tokens] of [
      [1, 1],
      [1, 6],
      [3, 17],
      [2, 64],
    ] as const) {
      const batch = batchOf(rows, tokens);
      const found = await session.run(feedsOf(batch));
      for (const [name, wanted] of await predictions(model, batch)) {
        expect(found[name]?.dims).toEqual(wanted.type.shape);
        const distances = Array.from(wanted.data, (value, index) => Math.abs(value - Number(found[name]?.data[index])));
        expect(Math.max(...distances), `${name} at ${rows} x ${tokens}`).toBeLessThan(1e-4);
      }
    }
    await expect(session.run(feedsOf(batchOf(1, 65)))).rejects.toThrow(/out of data bounds/);
  });

  it('has the sizes that are asked for', async () => {
    const { last, session } = await exported('sequence-classification', 'lora', '--batch-size', '2');
    expect(last.inputs).toMatchObject([{ shape: [2, 'tokens'] }, {}, {}]);
    await expect(session.run(feedsOf(batchOf(3, 8)))).rejects.toThrow(/[Ii]nvalid dimensions/);
    const fixed = await exported('sequence-classification', 'lora', '--batch-size', '2', '--max-length', '8');
    expect(fixed.last.inputs).toMatchObject([{ shape: [2, 8] }, {}, {}]);
    expect((await fixed.session.run(feedsOf(batchOf(2, 8)))).logits?.dims).toEqual([2, 2]);
  });

  it('field 35: takes int32 when asked for', async () => {
    const { model, last, session } = await exported('token-classification', 'full', '--input-dtype', 'int32');
    expect(last.inputs).toMatchObject([{ name: 'input_ids', dtype: 'int32' }, {}, {}]);
    const batch = batchOf(2, 5);
    const found = await session.run(feedsOf(batch, 'int32'));
    const wanted = (await predictions(model, batch)).get('logits')!;
    for (const [index, value] of wanted.data.entries()) expect(found.logits?.data[index]).toBeCloseTo(value, 4);
    await expect(session.run(feedsOf(batch))).rejects.toThrow(/[Uu]nexpected input data type/);
  });
});

describe('audit F9, field 35: an export replaces nothing but an export', () => {
  const place = (output: string, ...more: string[]) =>
    runCommand(['export', '--model', at('sequence-classification-lora'), '--output', output, '--json', ...more]);
  const overwriting = ['--overwrite'];
  beforeAll(async () => {
    await exported('sequence-classification', 'lora');
    file('theirs.onnx', 'not from here');
    mkdirSync(at('taken/model.onnx'), { recursive: true });
    execFileSync('mkfifo', [at('pipe.onnx')]);
  });

  it.each([
    ['a device', () => '/dev/full', overwriting],
    ['a pipe', () => at('pipe.onnx'), overwriting],
    ['weights of the model', () => at('sequence-classification-lora/adapter_model.safetensors'), overwriting],
    ['weights of the base', () => at('base/model.safetensors'), overwriting],
    ['the data', () => at('labels.csv'), overwriting],
    ['a directory', () => at('taken'), overwriting],
    ["another's graph", () => at('theirs.onnx'), []],
  ])('not %s', async (_, output, options) => {
    const kind = (path: string) => {
      const found = statSync(path, { throwIfNoEntry: false });
      return [found?.mode, found?.rdev, found?.size, found?.isFile() && readFileSync(path)];
    };
    const before = kind(output());
    const { code, last } = await place(output(), ...options);
    expect([code, last.code, last.field]).toEqual([2, 'E_OUTPUT_EXISTS', 'output']);
    expect(kind(output())).toEqual(before);
  });

  it('its own export again, a graph of others when asked to, and into directories as model.onnx', async () => {
    const ends = [
      await place(at('theirs.onnx'), ...overwriting),
      await place(at('theirs.onnx')),
      await place(at('new')),
      await place(`${at('new')}/`),
      await place(`${at('deep/er')}/`),
    ];
    expect(ends.map(({ code }) => code)).toEqual(ends.map(() => 0));
    expect(ends.map(({ last }) => last.output)).toEqual([
      at('theirs.onnx'),
      at('theirs.onnx'),
      at('new/model.onnx'),
      at('new/model.onnx'),
      at('deep/er/model.onnx'),
    ]);
    for (const { last } of ends) await (await InferenceSession.create(String(last.output))).release();
  });
});
