import { attuneFailure } from '@attune/testing/attune-failure';
import { processorClock } from '@attune/testing/processor-clock';
import { describe, expect, test } from 'vitest';
import { textSource } from './byte-source.js';
import { type DelimitedOptions, delimiterOf } from './delimited-file.js';
import { type DelimitedRecord, takeRecords } from './delimited-records.js';
import { readDelimited } from './table.js';
import { csv, type TextFileOptions } from './text-examples.js';

const columns = { text: 'text', label: 'label' };
const read = async (content: string, options: TextFileOptions = {}, name = 'train.csv') =>
  (await csv(textSource(name, content), columns, options).toArray()).map(({ text, label, row }) => [row, text, label]);

// What pandas 3 reads, but for the quotes around a value that goes on behind its closing quote, which pandas drops.
describe('field 21: line ends of any kind', () => {
  test.each([
    ['header in CRLF, rows in LF', 'text,label\r\na,x\nb,y\n'],
    ['header in LF, rows in CRLF', 'text,label\na,x\r\nb,y\r\n'],
    ['CR alone', 'text,label\ra,x\rb,y'],
    ['all three', 'text,label\ra,x\r\nb,y\n'],
    ['quoted', 'text,label\r\n"a",x\n"b","y"\r'],
  ])('%s', async (_, content) => {
    expect(await read(content)).toEqual([
      [2, 'a', 'x'],
      [3, 'b', 'y'],
    ]);
  });

  test('stay as they are in quoted values, and count as lines', async () => {
    expect(await read('text,label\n"a\r\nb\n\nc",x\r\n\r\nd,y\n')).toEqual([
      [2, 'a\r\nb\n\nc', 'x'],
      [7, 'd', 'y'],
    ]);
  });
});

describe('field 22: quotes where none should be', () => {
  test('within a value are characters', async () => {
    expect(await read('text,label\nThe 5" screen,x\n5" and 6",y\n"a ""5"" b",z\n')).toEqual([
      [2, 'The 5" screen', 'x'],
      [3, '5" and 6"', 'y'],
      [4, 'a "5" b', 'z'],
    ]);
  });

  test('a value that goes on behind its closing quote is kept as it is written', async () => {
    expect(await read('text,label\n"5" screen,x\nb,y\n')).toEqual([
      [2, '"5" screen', 'x'],
      [3, 'b', 'y'],
    ]);
  });

  test('a quote that is never closed is named with what to do, and costs its line only', async () => {
    const content = 'text,label\na,x\n"b,y\nc,z\n';
    const error = await attuneFailure(read(content));
    expect(error).toMatchObject({ code: 'E_DATA', message: 'train.csv:3 opens a quote that is never closed.' });
    expect(error.hint).toContain("quote: 'none'");
    expect(error.hint).toContain("onBadRow: 'skip'");
    const kept = csv(textSource('train.csv', content), columns, { onBadRow: 'skip' });
    expect((await kept.toArray()).map(({ row }) => row)).toEqual([2, 4]);
    expect((await kept.skipped()).map(({ line }) => line)).toEqual([3]);
    expect(await read(content, { quote: 'none' })).toEqual([
      [2, 'a', 'x'],
      [3, '"b', 'y'],
      [4, 'c', 'z'],
    ]);
  });

  test('two of them on different lines do not make one row of all between', async () => {
    const content = 'text,label\n"a,x\nb,y\n"c" c,z\nd,x\n';
    const error = await attuneFailure(read(content));
    expect(error.message).toContain('train.csv:2 opens a quote that is never closed, or closed in the middle');
    expect(await read(content, { onBadRow: 'skip' })).toEqual([
      [3, 'b', 'y'],
      [4, '"c" c', 'z'],
      [5, 'd', 'x'],
    ]);
  });
});

describe('field 23: columns without a name', () => {
  test.each([
    ['empty at the end', 'text,label,,\na,x,,\nb,y,,\n'],
    ['of an index', ',text,label\n0,a,x\n1,b,y\n'],
    ['with values', 'text,,label,\na,1,x,2\nb,3,y,4\n'],
    ['in the rows only', 'text,label\na,x,,\nb,y, \n'],
    ['in the header only', 'text,label,,\na,x\nb,y\n'],
  ])('%s', async (_, content) => {
    expect((await read(content)).map((row) => row.slice(1))).toEqual([
      ['a', 'x'],
      ['b', 'y'],
    ]);
  });

  test('names that repeat and rows that are too short or too long are still faults', async () => {
    expect((await attuneFailure(read('text,label,label\na,x,y\n'))).message).toContain('"label" twice');
    expect((await attuneFailure(read('text,label\na,x,z\nb\n'))).message).toMatch(
      /2 has 3 fields[\s\S]*3 has 1 fields/,
    );
  });
});

describe('field 24: quotes in tab-separated files', () => {
  const content = 'text\tlabel\n"She said ""good"", twice"\tpos\n"A\ttab"\tneg\nplain "bad" film\tneg\n';

  test('are read', async () => {
    expect((await read(content, {}, 'train.tsv')).map(([, text]) => text)).toEqual([
      'She said "good", twice',
      'A\ttab',
      'plain "bad" film',
    ]);
  });

  test('but not on request, and other quotes if they are named', async () => {
    const raw = await read(content.replace('"A\ttab"', 'A'), { quote: 'none' }, 'train.tsv');
    expect(raw[0]?.[1]).toBe('"She said ""good"", twice"');
    expect(await read("text,label\n'a, b',x\n", { quote: "'" })).toEqual([[2, 'a, b', 'x']]);
    expect((await attuneFailure(read('text,label\n', { quote: '""' }))).code).toBe('E_CONFIG');
  });
});

describe('field 25: delimiters as people write them', () => {
  const tabs = 'text\tlabel\na,b\tx\n';

  test.each(['\t', '\\t', '\\\\t', 'tab', 'TAB'])('%j', async (delimiter) => {
    expect(await read(tabs, { delimiter })).toEqual([[2, 'a,b', 'x']]);
  });

  test('by name, of several characters, and not at all', async () => {
    expect(['comma', 'semicolon', 'pipe', 'space', '||'].map((name) => delimiterOf(name, '"'))).toEqual([
      ',',
      ';',
      '|',
      ' ',
      '||',
    ]);
    expect(await read('text||label\na|b||x\n', { delimiter: '||' })).toEqual([[2, 'a|b', 'x']]);
    for (const delimiter of ['', '"', '\n']) {
      expect((await attuneFailure(read(tabs, { delimiter }))).code).toBe('E_CONFIG');
    }
  });

  test.each([
    ['semicolons', 'text;label\na, b;x\n', 'train.csv'],
    ['tabs', 'text\tlabel\na, b\tx\n', 'train.csv'],
    ['pipes', '"text"|"label"\na, b|x\n', 'train.csv'],
    ['commas', 'text,label\n"a, b",x\n', 'train.tsv'],
  ])('%s are found if the header holds nothing else', async (_, content, name) => {
    expect(await read(content, {}, name)).toEqual([[2, 'a, b', 'x']]);
  });

  test('a comma in the header or an option decides, and a file without a header is not searched', async () => {
    expect(await read('text,label,a;b\nc,x,1;2\n')).toEqual([[2, 'c', 'x']]);
    const bare = await readDelimited(textSource('a.csv', 'good; or bad\n'), { header: false });
    expect(bare.rows[0]?.values).toEqual({ 1: 'good; or bad' });
    expect((await attuneFailure(read('text;label\na;x\n', { delimiter: ',' }))).code).toBe('E_DATA_COLUMN');
  });
});

test('audit F7: a header of 170,000 columns', async () => {
  const names = Array.from({ length: 170_000 }, (_, index) => `column${index}`);
  const content = `${names.join(',')},text,label\n${'1,'.repeat(names.length)}a,x\n`;
  const wide: DelimitedOptions = { maxLineBytes: 4 << 20 };
  const seconds = processorClock();
  expect(await read(content, wide)).toEqual([[2, 'a', 'x']]);
  const error = await attuneFailure(read(content.replace(',text,', ',txt,'), wide));
  expect(error).toMatchObject({ code: 'E_DATA_COLUMN', hint: 'Did you mean "txt"?' });
  expect(error.message.length).toBeLessThan(1000);
  // Seconds, where it was minutes.
  expect(seconds()).toBeLessThan(20);
});

/** The records of a text that comes in pieces of whole lines. */
function recordsOf(text: string, piece: number): readonly DelimitedRecord[] {
  const records: DelimitedRecord[] = [];
  let [rest, line] = ['', 1];
  for (const part of text.match(new RegExp(`(?:[^\n]*\n){1,${piece}}|[^\n]+$`, 'g')) ?? []) {
    const taken = takeRecords(rest + part, line, { delimiter: ',', quote: '"' });
    records.push(...taken.records);
    [rest, line] = [(rest + part).slice(taken.used), taken.line];
  }
  return records;
}

test('records are the same however the file is cut, and whichever lines are split or parsed', () => {
  const lines = ['a,b', '"c, d",e', '"f\ng",h', '', '"i ""j""\n\n\nk",l', 'm "n",o', 'é,"ü\r\nx"', 'p,q\r', '"r" s,t'];
  const text = `${Array.from({ length: 400 }, (_, index) => lines[(index * index + (index >> 3)) % lines.length]).join('\n')}\n`;
  const whole = recordsOf(text, 1_000_000);
  expect(whole.length).toBeGreaterThan(300);
  for (const piece of [1, 2, 3, 7, 50]) expect(recordsOf(text, piece)).toEqual(whole);
  // Line numbers are those of the text.
  const starts = text.split('\n');
  for (const { line, fields } of whole) {
    expect(starts[line - 1]?.replaceAll('"', '').replace('\r', '')).toContain(
      fields[0]?.split(/[\r\n]/)[0]?.replaceAll('"', ''),
    );
  }
});
