/** Data files as people have them, through the command: what is refused, read and warned of before any training. */
import { nodeStorage } from '@attune/hub/node';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand, type TestFolder, testFolder } from './testing/run-command.js';

let folder: TestFolder;
let model: string;

beforeAll(async () => {
  folder = testFolder();
  model = folder.at('model');
  await writeTinyBert(nodeStorage(model));
});

afterAll(() => folder.remove());

const train = (data: string, ...more: string[]) =>
  runCommand(['train', '--model', model, '--train', data, '--output', folder.at('run'), '--json', ...more]);
const dryRun = (data: string, ...more: string[]) => train(data, '--dry-run', ...more);
const warningsOf = (out: string): readonly string[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ type }) => type === 'warning')
    .map(({ message }) => message);

const noEvaluation = ['--threads', '1', '--batch-size', '2', '--epochs', '1'];

describe('tables', () => {
  test.each([
    ['field 21, line ends of two kinds', 'a.csv', 'text,label\r\ngood cat,x\nbad dog,y\n', []],
    ['field 22, an inch', 'a.csv', 'text,label\nthe 5" cat,x\nbad dog,y\n', []],
    ['field 22, no quoting', 'a.csv', 'text,label\n"the cat,x\nbad dog,y\n', ['--quote', 'none']],
    ['field 23, nameless columns', 'a.csv', 'text,label,,\ngood cat,x,,\nbad dog,y,,\n', []],
    ['field 24, quotes between tabs', 'a.tsv', 'text\tlabel\n"good\tcat"\tx\nbad dog\ty\n', []],
    ['field 25, a tab as it is typed', 'a.csv', 'text\tlabel\ngood cat\tx\nbad dog\ty\n', ['--delimiter', '\\t']],
    ['field 25, semicolons', 'a.csv', 'text;label\ngood cat;x\nbad dog;y\n', []],
  ])('%s: are read', async (_, name, content, options) => {
    const { code, last } = await dryRun(folder.file(name, content), ...options);
    expect([code, last]).toMatchObject([0, { labels: ['x', 'y'] }]);
  });

  test('field 22: the hint names options that the command has', async () => {
    const data = folder.file('open.csv', 'text,label\n"the cat,x\nbad dog,y\n');
    const { code, last } = await dryRun(data);
    expect([code, last.code]).toEqual([2, 'E_DATA']);
    expect(last.hint).toContain('--quote none');
    expect(last.hint).toContain('--on-bad-row skip');
  });
});

describe('labels', () => {
  test('field 27: numbers of tags ask for names, and get them', async () => {
    const data = folder.file(
      'int-tags.jsonl',
      '{"tokens":["the","cat"],"ner_tags":[1,2]}\n{"tokens":["bonn","is"],"ner_tags":[3,0]}\n',
    );
    const task = ['--task', 'token-classification', '--tags-column', 'ner_tags'];
    const refused = await dryRun(data, ...task);
    expect([refused.code, refused.last.code]).toEqual([2, 'E_DATA_LABELS']);
    expect(refused.last.hint).toContain('--labels');
    const named = await dryRun(data, ...task, '--labels', 'O,B-PER,I-PER,B-LOC');
    expect([named.code, named.last]).toMatchObject([0, { labels: ['O', 'B-PER', 'I-PER', 'B-LOC'] }]);
  });

  test('field 28 and 29: long integers and NaN elsewhere', async () => {
    const labels = ['1801439850948198401', '1801439850948198402', '7'];
    const row = (label: string) => `{"text":"cat","label":${label},"price":NaN}\n`;
    const data = folder.file('big.jsonl', [...labels, ...labels].map(row).join(''));
    const { code, last } = await dryRun(data);
    expect([code, last]).toMatchObject([0, { labels: ['7', '1801439850948198401', '1801439850948198402'] }]);
  });

  test('field 30: a label in other Unicode characters', async () => {
    const data = folder.file('nfc.csv', 'text,label\ncat,caf\u00e9\ndog,bar\n');
    const other = folder.file('nfd.csv', 'text,label\ncat,cafe\u0301\n');
    const { code, last } = await dryRun(data, '--eval', other);
    expect([code, last.code]).toEqual([2, 'E_DATA_LABELS']);
    expect(last.hint).toContain('U+0065 U+0301 in place of U+00E9');
  });

  test('field 34: a label for each row, and lists as texts', async () => {
    const data = folder.file('lists.csv', `text,label\ncat,"['a', 'b']"\ndog,b\nmat,c\n`);
    const { code, out } = await dryRun(data);
    expect(code).toBe(0);
    expect(warningsOf(out)).toEqual([
      expect.stringContaining('Each of the 3 rows'),
      expect.stringContaining("labels such as ['a', 'b']"),
    ]);
    const same = await dryRun(data, '--text-column', 'label');
    expect([same.code, same.last.code]).toEqual([2, 'E_DATA_COLUMN']);
  });
});

describe('T17 data-leak-trunc: what is cut and what is in both files is said', () => {
  const long = 'the cat sat on the mat in bonn ';
  const content = `text,label\n${long}one,x\n${long}two,y\n${long}three,x\n`;
  const cut = expect.stringContaining('3 of 3 texts');
  const leaked = expect.stringContaining('also occur in');

  test('by train, evaluate and predict, with --dry-run and without', async () => {
    const data = folder.file('long.csv', content);
    const options = ['--eval', data, '--max-length', '8', ...noEvaluation];
    expect(warningsOf((await dryRun(data, ...options)).out)).toEqual(expect.arrayContaining([cut, leaked]));
    const trained = await train(data, ...options);
    expect(trained.code).toBe(0);
    expect(warningsOf(trained.out)).toEqual(expect.arrayContaining([cut, leaked]));
    const use = ['--model', folder.at('run'), '--data', data, '--max-length', '8', '--threads', '1', '--json'];
    expect(warningsOf((await runCommand(['evaluate', ...use])).out)).toEqual(expect.arrayContaining([cut]));
    expect(warningsOf((await runCommand(['predict', ...use])).out)).toEqual(expect.arrayContaining([cut]));
  });
});
