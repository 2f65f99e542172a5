import { attuneFailure } from '@attune/testing/attune-failure';
import { describe, expect, test } from 'vitest';
import { textSource } from './byte-source.js';
import { conll } from './conll.js';
import { LabelMap } from './label-map.js';
import { encodeClassification, type TextEncoder } from './labelled-texts.js';
import { labelSentences } from './tag-labels.js';
import { taggedJsonl } from './tagged-file.js';
import { csv, jsonl } from './text-examples.js';

const columns = { text: 'text', label: 'label' };
const table = (...labels: readonly string[]) =>
  csv(textSource('train.csv', `text,label\n${labels.map((label, row) => `t${row},${label}\n`).join('')}`), columns);
const lines = (...labels: readonly string[]) =>
  jsonl(textSource('train.jsonl', labels.map((label) => `{"text":"t","label":${label}}\n`).join('')), columns);

const letters: TextEncoder = {
  padTokenId: 0,
  encodeText: (text) => ({ ids: [...text].map((_, id) => id), typeIds: [...text].map(() => 0), truncated: false }),
};
const warningsOf = async (...labels: readonly string[]) => {
  const data = table(...labels);
  const map = new LabelMap([...new Set(labels.map((label) => label.replaceAll('"', '')))]);
  return (await encodeClassification(data, letters, map, { maxLength: 8 })).warnings;
};

describe('field 26: integers', () => {
  test('are sorted by their size, other labels as texts', async () => {
    expect(await table('10', '2', '0', '11', '1').labels()).toEqual(['0', '1', '2', '10', '11']);
    expect(await table('-1', '10', '9').labels()).toEqual(['-1', '9', '10']);
    expect(await table('10', '2', 'b').labels()).toEqual(['10', '2', 'b']);
  });

  test('mean the classes of a model by their numbers, unless its names are integers too', () => {
    const model = new LabelMap(Array.from({ length: 12 }, (_, id) => `LABEL_${id}`));
    expect(['0', '2', '10', 'LABEL_3'].map((label) => model.id(label))).toEqual([0, 2, 10, 3]);
    expect(model.id('12')).toMatchObject({ label: '12' });
    expect(new LabelMap(['5', '7']).id('0')).toMatchObject({ label: '0' });
    expect(new LabelMap(['1', '0']).id('0')).toBe(1);
  });

  test('stand for the names that are given', async () => {
    const named = csv(textSource('a.csv', 'text,label\na,1\nb,0\nc,neg\n'), columns, { labels: ['neg', 'pos'] });
    expect(await named.labels()).toEqual(['neg', 'pos']);
    expect((await named.toArray()).map(({ label }) => label)).toEqual(['pos', 'neg', 'neg']);
  });
});

describe('field 27: tags', () => {
  const numbered = '{"tokens":["Ann","Lee"],"tags":[1,2]}\n{"tokens":["a"],"tags":[0]}\n';

  test.each([
    ['numbers', ['0', '1', '2'], /tags "0", "1", "2", which are numbers without names/, /--labels O,B-PER/],
    ['parts of speech', ['NOUN', 'VERB'], /tags "NOUN", "VERB", which mark no entities/, /B-TYPE/],
    ['one of another kind', ['O', 'B-x', 'x'], /tags "x"/, /B-TYPE/],
  ])('%s are refused', async (_, names, message, hint) => {
    const sentences = taggedJsonl(textSource('a.jsonl', numbered));
    const error = await attuneFailure(Promise.resolve().then(() => labelSentences(sentences, new LabelMap(names))));
    expect(error).toMatchObject({
      code: 'E_DATA_LABELS',
      file: 'a.jsonl',
      field: names.at(-1) === 'x' ? 'x' : names[0],
    });
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
  });

  test('numbers stand for the names that are given, in JSON Lines and CoNLL', async () => {
    const labels = ['O', 'B-PER', 'I-PER'];
    const json = taggedJsonl(textSource('a.jsonl', numbered), {}, { labels });
    const columnar = conll(textSource('a.conll', 'Ann 1\nLee 2\n\na 0\n'), { labels });
    for (const sentences of [json, columnar]) {
      expect(await sentences.labels()).toEqual(labels);
      expect((await sentences.toArray()).map(({ tags }) => tags)).toEqual([['B-PER', 'I-PER'], ['O']]);
      const { items } = await labelSentences(sentences, new LabelMap(labels));
      expect(items.map((each) => each.labels)).toEqual([[1, 2], [0]]);
    }
    const schemes = new LabelMap(['O', 'B-a', 'I-a', 'E-a', 'S-a', 'L-a', 'U-a', 'B']);
    const one = conll(textSource('a.conll', 'Ann B-a\n'));
    expect((await labelSentences(one, schemes)).items).toHaveLength(1);
  });
});

describe('field 28: numbers of JSON as labels', () => {
  test('integers beyond 2^53 keep their digits', async () => {
    const data = lines('1801439850948198401', '1801439850948198402', '7', '-9007199254740993');
    expect(await data.labels()).toEqual(['-9007199254740993', '7', '1801439850948198401', '1801439850948198402']);
  });

  test('equal numbers are one label', async () => {
    expect((await lines('1', '1.0', '1e0', '10E-1', '"1"').toArray()).map(({ label }) => label)).toEqual(
      Array.from({ length: 5 }, () => '1'),
    );
    expect((await lines('-0', '0', '0.0').toArray()).map(({ label }) => label)).toEqual(['0', '0', '0']);
    expect((await lines('1e3', '0.12345678901234567').toArray()).map(({ label }) => label)).toEqual([
      '1000',
      '0.12345678901234566',
    ]);
  });

  test('digits within strings and names stay as they are', async () => {
    const text = '{"text":"0 18014398509481984019 \\" NaN","label":"18014398509481984019"}\n';
    expect((await jsonl(textSource('a.jsonl', text), columns).toArray())[0]).toMatchObject({
      text: '0 18014398509481984019 " NaN',
      label: '18014398509481984019',
    });
  });
});

describe('field 29: NaN and infinity in JSON', () => {
  test.each(['NaN', 'Infinity', '-Infinity', '[1, NaN]', '{"a": NaN}'])(
    '%s in a field that nobody reads',
    async (value) => {
      const text = `{"text": "a NaN", "label": "x", "price": ${value}}\n`;
      expect((await jsonl(textSource('a.jsonl', text), columns).toArray())[0]).toMatchObject({ text: 'a NaN' });
    },
  );

  test('in a field that is read is named with line and field', async () => {
    const error = await attuneFailure(lines('"x"', 'NaN', '-Infinity').toArray());
    expect(error.message).toContain('train.jsonl:2:2 has NaN where a text is wanted ("label")');
    expect(error.message).toContain('train.jsonl:3:2 has -Infinity where a text is wanted ("label")');
  });

  test('what is no JSON is named with the reason', async () => {
    const error = await attuneFailure(lines('"x"', 'None', "'x'").toArray());
    expect(error.message).toMatch(/train\.jsonl:2 is not a JSON object: .+\n.*train\.jsonl:3 is not a JSON object: .+/);
  });
});

describe('field 30: labels that look alike', () => {
  const [composed, decomposed] = ['caf\u00e9', 'cafe\u0301'];

  test.each([
    ['decomposed', decomposed, composed, 'U+0065 U+0301 in place of U+00E9'],
    ['composed', composed, decomposed, 'U+00E9 in place of U+0065 U+0301'],
    ['with a space that does not break', 'a\u00a0b', 'a b', 'U+00A0 U+0062 in place of U+0020 U+0062'],
    ['with an invisible space', 'ab\u200b', 'ab', 'U+200B in place of nothing'],
  ])('%s: names the difference', (_, label, name, difference) => {
    expect(new LabelMap(['bar', name]).id(label)).toMatchObject({ hint: expect.stringContaining(difference) });
  });

  test('two spellings in one file are two classes, with a warning', async () => {
    expect(await warningsOf(composed, decomposed, composed)).toEqual([
      `train.csv has the label "${composed}" in two spellings that look alike: U+0065 U+0301 in place of U+00E9.`,
    ]);
    expect(await warningsOf('a', 'b', 'a')).toEqual([]);
  });
});

describe('field 34: labels that were meant as something else', () => {
  test('the column of the texts is refused', async () => {
    const same = csv(textSource('a.csv', 'text,label\na,x\n'), { text: 'text', label: 'text' });
    expect(await attuneFailure(same.toArray())).toMatchObject({ code: 'E_DATA_COLUMN', field: 'text' });
  });

  test('as many classes as rows, and lists, are worth a warning', async () => {
    expect(await warningsOf('1.5', '2.5', '3.5')).toEqual([expect.stringContaining('Each of the 3 rows')]);
    expect(await warningsOf('x', 'y')).toEqual([]);
    expect(await warningsOf("\"['a', 'b']\"", 'x', 'x')).toEqual([
      expect.stringContaining("labels such as ['a', 'b']"),
    ]);
  });
});

test('field 31: rows that are left out are known by line and reason, and the columns of the others are kept', async () => {
  const data = csv(
    textSource('p.csv', 'id,text\n1,a\n2,\n3,b\n4," "\n'),
    { text: 'text' },
    { onBadRow: 'skip', keepColumns: true },
  );
  expect(await data.toArray()).toEqual([
    { text: 'a', row: 2, columns: { id: '1', text: 'a' } },
    { text: 'b', row: 4, columns: { id: '3', text: 'b' } },
  ]);
  expect(await data.skipped()).toEqual([
    { line: 3, column: 2, problem: 'has an empty text ("text")' },
    { line: 5, column: 2, problem: 'has an empty text ("text")' },
  ]);
});
