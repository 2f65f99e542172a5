/** Regression with several numbers for each text, through the command. */
import { readFileSync } from 'node:fs';
import { padRows } from '@attune/core/internal';
import { loadTokenizer } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { openTrainedModel } from '@attune/inference';
import { forwardOutputs } from '@attune/models/testing/forward-outputs';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand, testFolder } from './testing/run-command.js';

const folder = testFolder();
const { at, file } = folder;

const texts = ['the cat sat', 'the dog sat', 'good cat in bonn', 'bad dog in paris', 'the cat', 'very bad'];
const truths = texts.map((text, row) => [text.includes('cat') ? 1 : -1, row / 4, text.length / 10]);
const names = ['joy', 'anger', 'fear'];
const lines = (header: string, cellsOf: (row: number) => string) =>
  `${header}\n${texts.map((text, row) => `${text},${cellsOf(row)}\n`).join('')}`;
const inColumns = file(
  'columns.csv',
  lines('text,joy,anger,fear', (row) => truths[row]!.join(',')),
);
const inCells = file(
  'cells.csv',
  lines('text,label', (row) => truths[row]!.join('|')),
);
const inArrays = file(
  'arrays.jsonl',
  texts.map((text, row) => `${JSON.stringify({ text, label: truths[row] })}\n`).join(''),
);
const numbers = ['--problem-type', 'regression'];

beforeAll(async () => {
  await writeTinyBert(nodeStorage(at('base')));
  const more = ['--label-column', 'joy,anger,fear', '--metric-for-best-model', 'pearson_joy'];
  const { code, last } = await train(inColumns, 'adapter', ...more);
  expect([code, last]).toMatchObject([0, { labels: names, metrics: { pearson_joy: expect.any(Number) } }]);
});
afterAll(() => folder.remove());

const attune = (...args: string[]) => runCommand([...args, '--json']);
const train = (data: string, output: string, ...more: string[]) =>
  attune(
    ...['train', '--model', at('base'), '--train', data, '--eval', data, '--output', at(output), '--threads', '1'],
    ...['--epochs', '8', '--batch-size', '4', '--learning-rate', '1e-2', '--dropout', '0', '--max-length', '16'],
    ...[...numbers, ...more],
  );
const configOf = (output: string) => JSON.parse(readFileSync(at(`${output}/config.json`), 'utf8'));
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** What a model says of the texts, by the float64 interpreter. */
async function expected(model: string): Promise<readonly (readonly number[])[]> {
  const { loaded, merged, base } = await openTrainedModel(at(model));
  const tokenizer = await loadTokenizer(base);
  const encodings = await tokenizer.encode(texts);
  return encodings.map(({ ids, typeIds }) => {
    const fields = padRows([{ ids, typeIds }], { length: ids.length, batchSize: 1, padTokenId: 0 });
    return Array.from(forwardOutputs(loaded.model, merged(), fields).get('logits')!.data);
  });
}

/** The answers of `attune predict --json` for the file's rows. */
async function predicted(model: string, data: string): Promise<readonly Readonly<Record<string, number>>[]> {
  const { last } = await attune('predict', '--model', at(model), '--data', data, '--threads', '1');
  return Array.from(Object(last.predictions), (each) => Object(each).scores);
}

describe('field 32: an adapter with a column for each number', () => {
  test('answers with the names of the columns, as the interpreter computes them', async () => {
    const logits = await expected('adapter');
    const answers = await predicted('adapter', inColumns);
    expect(answers).toHaveLength(texts.length);
    for (const [row, answer] of answers.entries()) {
      expect(Object.keys(answer)).toEqual(names);
      for (const [index, name] of names.entries()) expect(answer[name]).toBeCloseTo(logits[row]![index]!, 4);
    }
  });

  test('is evaluated with metrics over all numbers and for each, in whatever order the columns are named', async () => {
    const answers = await predicted('adapter', inColumns);
    const errors = names.map((name, index) => answers.map((answer, row) => answer[name]! - truths[row]![index]!));
    const squares = (values: readonly number[]) => mean(values.map((value) => value ** 2));
    const data = ['--model', at('adapter'), '--data', inColumns, '--threads', '1'];
    const { last } = await attune('evaluate', ...data, '--label-column', 'fear,joy,anger');
    expect(last).toMatchObject({
      loss: expect.closeTo(squares(errors.flat()), 4),
      meanSquaredError: expect.closeTo(squares(errors.flat()), 4),
      meanAbsoluteError: expect.closeTo(mean(errors.flat().map(Math.abs)), 4),
      meanSquaredError_joy: expect.closeTo(squares(errors[0]!), 4),
      meanSquaredError_anger: expect.closeTo(squares(errors[1]!), 4),
      meanAbsoluteError_fear: expect.closeTo(mean(errors[2]!.map(Math.abs)), 4),
      perNumber: names.map((label) => ({ label })),
      examples: 6,
    });
    expect(last.pearson).toBeCloseTo(mean(names.map((name) => Number(last[`pearson_${name}`]))), 6);
    const people = await runCommand([
      'evaluate',
      ...data,
      '--label-column',
      'joy',
      '--label-column',
      'anger',
      '--label-column',
      'fear',
    ]);
    expect(people.out).toMatch(/^number +mean squared error +mean absolute error +pearson +spearman\njoy +\d/);
    expect(people.out).not.toContain('_joy');
  });

  test('answers people, CSV and JSON Lines', async () => {
    const [first] = await predicted('adapter', inColumns);
    const use = ['predict', '--model', at('adapter'), '--threads', '1'];
    const text = await runCommand([...use, '--text', texts[0]!]);
    expect(text.out).toMatch(/^the cat sat\n {2}joy -?\d\.\d{4}, anger -?\d\.\d{4}, fear -?\d\.\d{4}\n$/);
    const csv = await runCommand([...use, '--data', inColumns, '--format', 'csv']);
    expect(csv.out.split('\n')[0]).toBe('row,text,joy,anger,fear');
    expect(csv.out.split('\n')[1]).toBe(`2,the cat sat,${names.map((name) => first![name]).join(',')}`);
    const kept = await runCommand([...use, '--data', inColumns, '--format', 'csv', '--keep-columns']);
    expect(kept.out.split('\n')[0]).toBe('row,text,joy,anger,fear,predicted_joy,predicted_anger,predicted_fear');
    const jsonl = await runCommand([...use, '--data', inColumns, '--format', 'jsonl']);
    expect(JSON.parse(jsonl.out.split('\n')[0]!)).toEqual({ row: 2, text: 'the cat sat', scores: first });
  });

  test('is merged and exported with all numbers', async () => {
    expect((await attune('merge', '--model', at('adapter'), '--output', at('merged'))).code).toBe(0);
    expect(configOf('merged')).toMatchObject({
      problem_type: 'regression',
      id2label: { 0: 'joy', 1: 'anger', 2: 'fear' },
    });
    const [want] = await expected('adapter');
    const [merged] = await predicted('merged', inCells);
    for (const [index, name] of names.entries()) expect(merged![name]).toBeCloseTo(want![index]!, 4);
    expect((await attune('export', '--model', at('adapter'), '--output', at('numbers.onnx'))).code).toBe(0);
    const { base } = await openTrainedModel(at('adapter'));
    const [encoding] = await (await loadTokenizer(base)).encode([texts[0]!]);
    const int64 = (values: readonly number[]) =>
      new Tensor('int64', BigInt64Array.from(values, BigInt), [1, values.length]);
    const { ids, typeIds } = encoding!;
    const feeds = { input_ids: int64(ids), token_type_ids: int64(typeIds), attention_mask: int64(ids.map(() => 1)) };
    const { logits } = await (await InferenceSession.create(at('numbers.onnx'))).run(feeds);
    expect(logits!.dims).toEqual([1, 3]);
    for (const [index, value] of want!.entries()) expect(Number(logits!.data[index])).toBeCloseTo(value, 4);
  });
});

test('field 32: cells and arrays are the same numbers as columns, and names are given with --labels', async () => {
  const seen: unknown[] = [];
  for (const [data, output, more] of [
    [inColumns, 'columns', ['--label-column', 'joy', '--label-column', 'anger', '--label-column', 'fear']],
    [inCells, 'cells', ['--labels', 'joy,anger,fear']],
    [inArrays, 'arrays', []],
  ] as const) {
    const { code, last } = await train(data, output, '--strategy', 'full', '--max-steps', '2', ...more);
    expect(code).toBe(0);
    seen.push([last.labels, Object(last.metrics).loss]);
  }
  const loss = expect.closeTo(Object(seen[0])[1], 6);
  expect(seen).toEqual([
    [names, loss],
    [names, loss],
    [['LABEL_0', 'LABEL_1', 'LABEL_2'], loss],
  ]);
  expect(configOf('arrays')).toMatchObject({ problem_type: 'regression', id2label: { 2: 'LABEL_2' } });
  const resumed = await train(inArrays, 'arrays', '--strategy', 'full', '--max-steps', '4', '--resume');
  expect([resumed.code, resumed.last.labels]).toEqual([0, ['LABEL_0', 'LABEL_1', 'LABEL_2']]);
});

describe('field 32: the errors', () => {
  const oneNumber = file('three-numbers.csv', 'text,label\na film,0.5\nb film,0.7\n');

  test.each<[string, string, readonly string[], string, string]>([
    [
      'numbers of another count than the model',
      oneNumber,
      [],
      'E_DATA_LABELS',
      'three-numbers.csv:2:2 has 1 number where 3 are wanted: joy, anger, fear',
    ],
    [
      'numbers of other names',
      inColumns,
      ['--label-column', 'joy,anger', '--labels', 'joy,rage'],
      'E_DATA_LABELS',
      'has the numbers joy, rage; the model gives',
    ],
    ['a column that is not there', inColumns, ['--label-column', 'joy,angr,fear'], 'E_DATA_COLUMN', 'no column "angr"'],
  ])('evaluating %s', async (_, data, more, code, message) => {
    const { code: exit, last } = await attune(
      'evaluate',
      '--model',
      at('adapter'),
      '--data',
      data,
      '--threads',
      '1',
      ...more,
    );
    expect([exit, last]).toMatchObject([2, { type: 'error', code, message: expect.stringContaining(message) }]);
  });

  test.each<[string, string, string, readonly string[]]>([
    [
      'a row of fewer numbers',
      lines('text,label', (row) => (row === 2 ? '1|2' : '1|2|3')),
      'data.csv:4:2 has 2 numbers where 3 are wanted',
      numbers,
    ],
    [
      'a word',
      lines('text,label', (row) => (row === 2 ? '1|x|3' : '1|2|3')),
      'data.csv:4:2 has the label "x" for LABEL_1, which is no number',
      numbers,
    ],
    [
      'several columns of classes',
      lines('text,joy,anger', () => 'a,b'),
      'names 2 columns',
      ['--label-column', 'joy', '--label-column', 'anger'],
    ],
  ])('training on %s', async (_, content, message, more) => {
    const { code, last } = await attune(
      ...[
        'train',
        '--model',
        at('base'),
        '--train',
        file('data.csv', content),
        '--output',
        at('refused'),
        '--dry-run',
        ...more,
      ],
    );
    expect([code, last]).toMatchObject([2, { type: 'error', message: expect.stringContaining(message) }]);
  });
});

test('field 32: numbers that look like classes stay classes, with whatever stands between them', async () => {
  const data = file(
    'classes.csv',
    lines('text,"a,b"', (row) => (row % 2 === 0 ? '"0.5|0.7"' : '"[1, 2]"')),
  );
  const { code, last } = await attune(
    ...[
      'train',
      '--model',
      at('base'),
      '--train',
      data,
      '--output',
      at('refused'),
      '--dry-run',
      '--label-column',
      'a,b',
    ],
  );
  expect([code, last]).toMatchObject([0, { labels: ['0.5|0.7', '[1, 2]'] }]);
});
