/** `attune predict` on many rows: pipes, formats, rows that cannot be answered. */
import { existsSync, readFileSync } from 'node:fs';
import { nodeStorage } from '@attune/hub/node';
import { sharedPath, skipsGolden } from '@attune/hub/testing/python';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, runPiped, testFolder } from './testing/run-command.js';

const folder = testFolder();
const { at, file } = folder;
const lines = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const table = (path: string): Record<string, string>[] => parse(readFileSync(path), { columns: true });
const predict = (...args: string[]) => runCommand(['predict', '--threads', '1', ...args]);

beforeAll(async () => {
  await writeTinyBert(nodeStorage(at('base')));
  const answers = { text: ['cat'], answer_start: [4] };
  file('train.csv', 'text,label\nthe cat,cat\nthe dog,dog\n');
  file('questions.jsonl', JSON.stringify({ question: 'who', context: 'the cat', answers }));
  const train = (task: string, data: string, output: string) =>
    runCommand([
      ...[
        'train',
        '--task',
        task,
        '--model',
        at('base'),
        '--train',
        at(data),
        '--output',
        at(output),
        '--threads',
        '1',
      ],
      ...['--strategy', 'head', '--max-length', '16', '--max-steps', '1'],
    ]);
  expect((await train('sequence-classification', 'train.csv', 'model')).code).toBe(0);
  expect((await train('question-answering', 'questions.jsonl', 'reader')).code).toBe(0);
  file('rows.csv', 'id,text,label,note\n7,the cat,cat,"a, b"\n8,,dog,\n9,"the ""dog""\nsat",dog,=1\n');
});
afterAll(() => folder.remove());

describe('field 31: answers carry their rows', () => {
  it('skipped rows are counted and named, in all forms', async () => {
    const args = ['--model', at('model'), '--data', at('rows.csv'), '--on-bad-row', 'skip'];
    const people = await predict(...args);
    expect([people.code, people.err]).toEqual([
      0,
      expect.stringMatching(/warning: 1 row of .*rows\.csv was skipped: .*rows\.csv:3:2 has an empty text/),
    ]);
    expect(people.out).toMatch(/^2: the cat\n.*\n4: the "dog"/);
    const machines = await predict(...args, '--json');
    expect(machines.last).toMatchObject({ predictions: [{ row: 2 }, { row: 4 }], skipped: [{ row: 3 }] });
    const jsonl = await predict(...args, '--format', 'jsonl');
    expect(lines(jsonl.out)).toMatchObject([
      { row: 2, text: 'the cat', labels: { length: 2 } },
      { row: 4, text: 'the "dog"\nsat' },
    ]);
    expect(jsonl.err).toContain('1 row of');
  });

  it('CSV with the columns of the input', async () => {
    const output = at('answers.csv');
    const args = ['--model', at('model'), '--data', at('rows.csv'), '--on-bad-row', 'skip', '--output', output];
    const { code, last } = await predict(...args, '--keep-columns', '--json');
    expect([code, last]).toEqual([0, { type: 'result', output, answered: 2, failed: 0, skipped: 1 }]);
    const rows = table(output);
    expect(Object.keys(rows[0] ?? {})).toEqual([
      'row',
      'id',
      'text',
      'label',
      'note',
      'predicted_label',
      'probability',
    ]);
    expect(rows).toMatchObject([
      { row: '2', id: '7', text: 'the cat', label: 'cat', note: 'a, b' },
      { row: '4', id: '9', text: 'the "dog"\nsat', label: 'dog', note: '=1' },
    ]);
    const answers = (await predict('--model', at('model'), '--data', at('rows.csv'), '--on-bad-row', 'skip', '--json'))
      .last;
    expect(answers.predictions).toMatchObject(
      rows.map(({ predicted_label, probability }) => ({
        label: predicted_label,
        labels: [{ label: predicted_label, probability: Number(probability) }, {}],
      })),
    );
    expect((await predict(...args)).last).toEqual({});
    expect((await predict(...args)).err).toContain('answers.csv is there already');
    expect((await predict(...args, '--overwrite')).code).toBe(0);
  });

  it('JSON Lines with the fields of the input as they are', async () => {
    const data = file(
      'objects.jsonl',
      '{"text": "the cat", "n": 1.50, "tags": ["a"]}\n\n{"text": "the dog", "n": null}\n',
    );
    const { code } = await predict(
      '--model',
      at('model'),
      '--data',
      data,
      '--keep-columns',
      '--output',
      at('out.jsonl'),
    );
    expect(code).toBe(0);
    expect(lines(readFileSync(at('out.jsonl'), 'utf8'))).toMatchObject([
      { row: 1, columns: { text: 'the cat', n: 1.5, tags: ['a'] } },
      { row: 3, columns: { text: 'the dog', n: null } },
    ]);
  });

  it.skipIf(skipsGolden)('of the file that was reported', async () => {
    const args = ['--model', at('model'), '--data', sharedPath('field/predict-skip.csv'), '--on-bad-row', 'skip'];
    const { last, err } = await predict(...args, '--format', 'jsonl');
    expect(last).toMatchObject({ row: expect.any(Number) });
    expect(err).toMatch(/2 rows of .* were skipped: .*:\d+.*; .*:\d+/);
  });

  it.each<[string, readonly string[], string]>([
    ['the input itself', ['--output', 'rows.csv', '--overwrite'], 'E_OUTPUT_EXISTS'],
    ['weights', ['--output', 'base/model.safetensors', '--overwrite', '--format', 'csv'], 'E_OUTPUT_EXISTS'],
    ['a device', ['--output', '/dev/full', '--overwrite', '--format', 'csv'], 'E_OUTPUT_EXISTS'],
    ['a name without a format', ['--output', 'answers'], 'E_CONFIG'],
    ['two writers on standard output', ['--json', '--format', 'csv'], 'E_CONFIG'],
  ])('audit F9: not over %s', async (_, options, code) => {
    const placed = options.map((each, index) =>
      options[index - 1] === '--output' && !each.startsWith('/') ? at(each) : each,
    );
    const before = [readFileSync(at('rows.csv')), readFileSync(at('base/model.safetensors'))];
    const end = await predict('--model', at('model'), '--data', at('rows.csv'), ...placed);
    expect([end.code, end.err + end.out]).toEqual([2, expect.stringContaining(code)]);
    expect([readFileSync(at('rows.csv')), readFileSync(at('base/model.safetensors'))]).toEqual(before);
    expect(existsSync(at('answers'))).toBe(false);
  });

  it("a config file's output is that of training", async () => {
    const config = file('settings.json', JSON.stringify({ output: at('model'), threads: 1 }));
    const { code, last } = await runCommand([
      'predict',
      '--model',
      at('model'),
      '--text',
      'the cat',
      '--json',
      '--config',
      config,
    ]);
    expect([code, last.text]).toEqual([0, 'the cat']);
  });
});

it('--no-header: columns have numbers', async () => {
  const data = file('bare.csv', 'the cat,1\nthe dog,2\n');
  const { last } = await predict('--model', at('model'), '--data', data, '--no-header', '--text-column', '1', '--json');
  expect(last.predictions).toMatchObject([
    { row: 1, text: 'the cat' },
    { row: 2, text: 'the dog' },
  ]);
});

describe('predict reads from a pipe', () => {
  it.each([['--data', '-'], []])('a text a line: %j %j', async (...options) => {
    const args = ['predict', '--model', at('model'), '--threads', '1', ...options, '--format', 'csv'];
    const { code, out } = await runPiped('the cat\r\n\nthe dog', args);
    expect(code).toBe(0);
    expect(parse(out, { columns: true })).toMatchObject([
      { row: '1', text: 'the cat' },
      { row: '3', text: 'the dog' },
    ]);
  });

  it('questions as JSON Lines', async () => {
    const question = (name: string) => JSON.stringify({ question: name, context: 'the cat sat' });
    const { last } = await runPiped(`${question('who')}\n${question('where')}\n`, [
      ...['predict', '--model', at('reader'), '--threads', '1', '--json'],
    ]);
    expect(last.predictions).toMatchObject([
      { row: 1, question: 'who' },
      { row: 2, question: 'where' },
    ]);
  });

  it('a pipe without a text, and no pipe', async () => {
    const args = ['predict', '--model', at('model'), '--threads', '1', '--json'];
    expect(await runPiped('\n \n', args)).toMatchObject({
      code: 2,
      last: { code: 'E_DATA_EMPTY', file: 'standard input' },
    });
    expect(await runPiped('the cat', [...args, '--text', 'the dog'])).toMatchObject({
      code: 0,
      last: { text: 'the dog' },
    });
    expect(await runCommand(args)).toMatchObject({ code: 2, last: { code: 'E_CONFIG', field: 'text' } });
  });
});

describe('field 33: what cannot be answered is reported for its row', () => {
  const long = 'who '.repeat(40);
  const ask = (name: string) => JSON.stringify({ question: name, context: 'the cat sat' });

  it('the others are answered, and the exit code says that not all were', async () => {
    const data = file('asked.jsonl', [ask('who'), ask(long), ask('where')].join('\n'));
    const args = ['--model', at('reader'), '--data', data, '--max-length', '16'];
    const { code, last } = await predict(...args, '--json');
    expect([code, last.predictions]).toMatchObject([
      2,
      [
        { row: 1, question: 'who' },
        { row: 2, error: { code: 'E_TOO_LONG' } },
        { row: 3, question: 'where' },
      ],
    ]);
    const people = await predict(...args);
    expect([people.code, people.err]).toEqual([2, expect.stringContaining('row 2 is not answered')]);
    expect(people.out).toMatch(/^1: who\n.*\n3: where\n/);
    const skipping = await predict(...args, '--on-bad-row', 'skip', '--output', at('asked.csv'));
    expect(skipping.code).toBe(0);
    expect(table(at('asked.csv'))).toMatchObject([
      { row: '1', question: 'who', error: '' },
      { row: '2', question: '', error: expect.stringContaining('cannot be cut') },
      { row: '3', question: 'where', error: '' },
    ]);
  });

  it('a question on the command line, and a file without any answer, fail as a whole', async () => {
    const args = ['--model', at('reader'), '--max-length', '16', '--json'];
    const single = await predict(...args, '--question', long, '--context', 'the cat');
    const none = await predict(...args, '--data', file('long.jsonl', ask(long)));
    for (const { code, last } of [single, none]) expect([code, last.code]).toEqual([2, 'E_TOO_LONG']);
  });
});
