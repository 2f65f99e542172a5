import { attuneFailure } from '@attune/testing/attune-failure';
import { describe, expect, test } from 'vitest';
import { textSource } from './byte-source.js';
import { LabelMap } from './label-map.js';
import { encodeClassification, encodeRegression, type TextEncoder } from './labelled-texts.js';
import { splitNumbers } from './number-columns.js';
import type { TextColumns } from './text-example.js';
import { rows, type TextDataset, type TextFileOptions, textFile } from './text-examples.js';

const letters: TextEncoder = {
  padTokenId: 0,
  encodeText: (text) => ({ ids: [...text].map((_, id) => id), typeIds: [...text].map(() => 0), truncated: false }),
};

/** The numbers of each row as the model gets them. */
async function numbersOf(texts: TextDataset, names?: readonly string[]): Promise<readonly unknown[]> {
  const { examples } = await encodeRegression(texts, letters, { maxLength: 8, ...(names ? { names } : {}) });
  return examples.map(({ labels }) => labels.labels);
}

const opened = (name: string, content: string, numbers: TextColumns['numbers'], options: TextFileOptions = {}) =>
  textFile(textSource(name, content), { text: 'text', numbers: numbers ?? 'label' }, options);

describe('field 32: numbers of a text', () => {
  test.each<[string, string, string, TextColumns['numbers'], TextFileOptions?]>([
    ['between bars', 'a.csv', 'text,label\na,0.5|-2|1e-3\nb, 1 | 2|3\n', 'label'],
    ['as Python writes lists', 'a.csv', 'text,label\na,"[0.5, -2, 0.001]"\nb,"(1, 2, 3)"\n', 'label'],
    ['as numpy prints them', 'a.csv', 'text,label\na,[0.5  -2. 1e-03]\nb,[ 1. 2.\t3. ]\n', 'label'],
    ['by another separator', 'a.csv', 'text,label\na,0.5;-2;0.001\nb,1; 2;3\n', 'label', { labelSeparator: ';' }],
    ['between spaces', 'a.csv', 'text,label\na,0.5  -2 0.001\nb,1 2 3\n', 'label', { labelSeparator: ' ' }],
    ['in a column each', 'a.csv', 'text,v,a,d\na,0.5,-2,0.001\nb, 1,2,3\n', ['v', 'a', 'd']],
    ['in columns between commas', 'a.tsv', 'd\ttext\tv\ta\n0.001\ta\t0.5\t-2\n3\tb\t1\t2\n', 'v, a,d'],
    ['in arrays', 'a.jsonl', '{"text":"a","label":[0.5,-2,1e-3]}\n{"text":"b","label":[1,"2",3]}\n', 'label'],
    ['in fields', 'a.jsonl', '{"text":"a","v":0.5,"a":-2,"d":1e-3}\n{"text":"b","v":1,"a":2,"d":"3"}\n', 'v,a,d'],
  ])('%s', async (_, name, content, numbers, options) => {
    expect(await numbersOf(opened(name, content, numbers, options))).toEqual([
      [0.5, -2, 0.001],
      [1, 2, 3],
    ]);
  });

  test('in memory, and as the label of an example', async () => {
    expect(await numbersOf(rows([{ text: 'a', numbers: [1, 2.5] }]))).toEqual([[1, 2.5]]);
    expect(await numbersOf(rows([{ text: 'a', label: '1|2.5' }]))).toEqual([[1, 2.5]]);
  });

  test('one number is read as before', async () => {
    expect(await numbersOf(opened('a.csv', 'text,label\na, -1.5 \nb,2\n', 'label'))).toEqual([[-1.5], [2]]);
    expect(await numbersOf(opened('a.jsonl', '{"text":"a","label":2}\n', 'label'))).toEqual([[2]]);
    expect(splitNumbers('0,5')).toEqual(['0,5']);
    expect(splitNumbers('(5)')).toEqual(['(5)']);
  });

  test('a column whose name holds commas is that column', async () => {
    const content = 'text,"How good, in all",How good,in all\na,1,2,3\n';
    expect(await numbersOf(opened('a.csv', content, 'How good, in all'))).toEqual([[1]]);
    expect(await numbersOf(opened('a.csv', content, ['How good', 'in all']))).toEqual([[2, 3]]);
  });

  test('have the names of their columns, those that are given, or those of transformers', async () => {
    const columns = 'text,v,a\na,1,2\n';
    expect(await opened('a.csv', columns, 'v,a').labels()).toEqual(['v', 'a']);
    expect(await opened('a.csv', columns, 'v,a', { labels: ['x', 'y'] }).labels()).toEqual(['x', 'y']);
    expect(await opened('a.csv', 'text,label\na,1|2\n', 'label').labels()).toEqual(['LABEL_0', 'LABEL_1']);
    expect(await opened('a.csv', columns, 'v').numberNames()).toBeUndefined();
  });

  test('go to the outputs of their names, in whatever order the columns stand', async () => {
    const data = opened('a.csv', 'text,v,a,d\na,1,2,3\n', 'v,a,d');
    expect(await numbersOf(data, ['d', 'v', 'a'])).toEqual([[3, 1, 2]]);
    expect(await numbersOf(data, ['LABEL_0', 'LABEL_1', 'LABEL_2'])).toEqual([[1, 2, 3]]);
    expect(await numbersOf(opened('a.csv', 'text,label\na,1|2\n', 'label'), ['v', 'a'])).toEqual([[1, 2]]);
    expect(await attuneFailure(numbersOf(data, ['v', 'a', 'joy']))).toMatchObject({
      code: 'E_DATA_LABELS',
      file: 'a.csv',
      message: 'a.csv has the numbers v, a, d; the model gives v, a, joy.',
      hint: expect.stringContaining('--labels v,a,joy'),
    });
  });
});

describe('field 32: rows that a model of other numbers cannot learn from', () => {
  const names = ['v', 'a', 'd'];

  test.each<[string, string, string, TextColumns['numbers'], string, string]>([
    [
      'too few',
      'a.csv',
      'text,label\na,1|2|3\nb,0.5\n',
      'label',
      'a.csv:3:2',
      'has 1 number where 3 are wanted: v, a, d',
    ],
    ['too many', 'a.csv', 'text,label\na,1|2|3|4\n', 'label', 'a.csv:2:2', 'has 4 numbers where 3 are wanted: v, a, d'],
    ['none', 'a.jsonl', '{"text":"a","label":[]}\n', 'label', 'a.jsonl:1:2', 'has 0 numbers where 3 are wanted'],
    [
      'a word',
      'a.csv',
      'text,label\na,1|good|3\n',
      'label',
      'a.csv:2:2',
      'has the label "good" for a, which is no number',
    ],
    ['a decimal comma', 'a.csv', 'text;v;a;d\na;1;0,5;2\n', names, 'a.csv:2', 'has the label "0,5" for a, which is no'],
    ['nothing', 'a.csv', 'text,label\na,1||3\n', 'label', 'a.csv:2:2', 'has no number for a'],
    [
      'infinity',
      'a.csv',
      'text,label\na,1|2|Infinity\n',
      'label',
      'a.csv:2:2',
      '"Infinity" for d, which is not finite',
    ],
    [
      'more than a float holds',
      'a.csv',
      'text,v,a,d\na,1,2,1e39\n',
      names,
      'a.csv:2',
      '"1e39" for d, which is not finite',
    ],
    ['NaN', 'a.csv', 'text,label\na,nan|2|3\n', 'label', 'a.csv:2:2', 'has the label "nan" for v, which is no number'],
  ])('%s', async (_, name, content, numbers, place, problem) => {
    const error = await attuneFailure(numbersOf(opened(name, content, numbers), names));
    expect([error.code, error.file]).toEqual(['E_DATA_LABELS', name]);
    expect(error.message).toContain(`${place} ${problem.startsWith('has') ? problem : `has the label ${problem}`}`);
  });

  test.each<[string, string, string, TextColumns['numbers'], string]>([
    ['an empty cell', 'a.csv', 'text,label\na,\n', 'label', 'a.csv:2:2 has an empty label ("label")'],
    ['an empty column', 'a.csv', 'text,v,a,d\na,1, ,3\n', names, 'a.csv:2:3 has an empty label ("a")'],
    [
      'a missing field',
      'a.jsonl',
      '{"text":"a","v":1,"a":2}\n{"text":"b","d":3}\n',
      names,
      'a.jsonl:1:4 has an empty label ("d")',
    ],
    ['null', 'a.jsonl', '{"text":"a","label":[1,null,3]}\n', 'label', 'a.jsonl:1:2 has a list with null where numbers'],
    ['NaN of Python', 'a.jsonl', '{"text":"a","label":[1,NaN,3]}\n', 'label', 'has a list with NaN where numbers'],
    ['lists of lists', 'a.jsonl', '{"text":"a","label":[[1],[2]]}\n', 'label', 'has a list of lists or objects where'],
    [
      'a list in a column',
      'a.jsonl',
      '{"text":"a","v":[1],"a":2,"d":3}\n',
      names,
      'has a list where a number is wanted ("v")',
    ],
  ])('%s', async (_, name, content, numbers, message) => {
    const error = await attuneFailure(numbersOf(opened(name, content, numbers), names));
    expect([error.code, error.file]).toEqual(['E_DATA_ROWS', name]);
    expect(error.message).toContain(message);
  });

  test('the count that most rows have is the one that is wanted, and others can be skipped', async () => {
    const content = 'text,label\na,1\nb,1|2\nc,3|4\nd,x|5\n';
    const error = await attuneFailure(numbersOf(opened('a.csv', content, 'label')));
    expect(error.message).toContain('2 rows of a.csv');
    expect(error.message).toContain('a.csv:2:2 has 1 number where 2 are wanted: LABEL_0, LABEL_1');
    const skipping = opened('a.csv', content, 'label', { onBadRow: 'skip' });
    expect(await numbersOf(skipping)).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  test('columns that are not there, or hold the texts', async () => {
    const missing = await attuneFailure(numbersOf(opened('a.csv', 'text,v,arousal\na,1,2\n', 'v,arousl')));
    expect(missing).toMatchObject({ code: 'E_DATA_COLUMN', field: 'arousl', hint: 'Did you mean "arousal"?' });
    const same = await attuneFailure(numbersOf(opened('a.csv', 'text,v\na,1\n', ['v', 'text'])));
    expect(same).toMatchObject({ code: 'E_DATA_COLUMN', field: 'text' });
  });
});

test('field 32: labels that look like numbers stay classes for a classifier', async () => {
  const content = 'text,label\na,0.5|0.7\nb,"[1, 2]"\nc,0.5|0.7\n';
  const data = textFile(textSource('a.csv', content), { text: 'text', label: 'label' });
  const labels = await data.labels();
  expect(labels).toEqual(['0.5|0.7', '[1, 2]']);
  const { examples } = await encodeClassification(data, letters, new LabelMap(labels), { maxLength: 8 });
  expect(examples.map((each) => each.labels.labels)).toEqual([0, 1, 0]);
});
