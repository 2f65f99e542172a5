import { attuneFailure } from '@attune/testing/attune-failure';
import { describe, expect, it } from 'vitest';
import { bucketOf, chooseBuckets } from './buckets.js';
import { textSource } from './byte-source.js';
import { Dataset } from './dataset.js';
import { LabelMap } from './label-map.js';
import { encodeClassification, type TextEncoder } from './labelled-texts.js';
import { leakageWarnings } from './shared-rows.js';
import { readText } from './text.js';
import { csv, jsonl, rows } from './text-examples.js';

const columns = { text: 'text', label: 'label' };
const file = (text: string, name = 'train.csv') => textSource(name, text);

/** One token per word, for tests of what happens after tokenization. */
const words: TextEncoder = {
  padTokenId: 0,
  encodeText(text, _pair, maxLength) {
    const ids = text.split(' ').map((word) => word.length);
    return {
      ids: ids.slice(0, maxLength),
      typeIds: ids.slice(0, maxLength).map(() => 0),
      truncated: ids.length > maxLength,
    };
  },
};

describe('T15 data-rows', () => {
  it('reads quotes, CRLF, a byte order mark and empty lines', async () => {
    const data = csv(file('\uFEFFtext,label\r\n"a ""quoted"", text\r\nof two lines",x\r\n\r\nplain,y\r\n'), columns);
    expect(await data.toArray()).toEqual([
      { text: 'a "quoted", text\r\nof two lines', label: 'x', row: 2 },
      { text: 'plain', label: 'y', row: 5 },
    ]);
  });

  it('names a missing column and the nearest one', async () => {
    const error = await attuneFailure(csv(file('txt,label\na,b\n'), columns).toArray());
    expect(error).toMatchObject({
      code: 'E_DATA_COLUMN',
      file: 'train.csv',
      field: 'text',
      hint: 'Did you mean "txt"?',
    });
  });

  it('lists ragged rows, empty texts and empty labels with line and column', async () => {
    const error = await attuneFailure(csv(file('text,label\na,x,extra\n,y\nb,\nc,z\n'), columns).toArray());
    expect(error.code).toBe('E_DATA_ROWS');
    expect(error.message).toContain('train.csv:2 has 3 fields, the first row has 2');
    expect(error.message).toContain('train.csv:3:1 has an empty text ("text")');
    expect(error.message).toContain('train.csv:4:2 has an empty label ("label")');
  });

  it('shows the first 20 bad rows and counts all', async () => {
    const error = await attuneFailure(csv(file(`text,label\n${'a,\n'.repeat(50)}`), columns).toArray());
    expect(error.message).toContain('50 rows');
    expect(error.message.split('\n')).toHaveLength(22);
    expect(error.message).toContain('and 30 more');
  });

  it('skips bad rows on request and reports them', async () => {
    const data = csv(file('text,label\na,x\n,y\nb,z\n'), columns, { onBadRow: 'skip' });
    expect((await data.toArray()).map(({ text }) => text)).toEqual(['a', 'b']);
    expect(await data.skipped()).toEqual([{ line: 3, column: 1, problem: 'has an empty text ("text")' }]);
  });

  it('refuses an unclosed quote', async () => {
    const error = await attuneFailure(csv(file('text,label\na,x\n"never closed,y\n'), columns).toArray());
    expect(error).toMatchObject({ code: 'E_DATA', file: 'train.csv' });
    expect(error.message).toContain('train.csv:3');
  });

  it('refuses bytes that are not UTF-8, with the line', async () => {
    const source = {
      name: 'latin.csv',
      chunks: async function* () {
        yield new Uint8Array([0x61, 0x0a, 0xe9, 0x0a]);
      },
    };
    const error = await attuneFailure(readText(source));
    expect(error.message).toBe('latin.csv:2 is not valid UTF-8.');
  });

  it('refuses an empty file, a header alone and a single class', async () => {
    expect((await attuneFailure(csv(file(''), columns).toArray())).code).toBe('E_DATA');
    expect((await attuneFailure(csv(file('text,label\n'), columns).toArray())).code).toBe('E_DATA_EMPTY');
    expect((await attuneFailure(csv(file('text,label\na,x\nb,x\n'), columns).labels())).message).toContain(
      'one label only, "x"',
    );
  });

  it('stops at an endless line without reading on', async () => {
    let produced = 0;
    const endless = {
      name: 'endless.csv',
      chunks: async function* () {
        for (;;) {
          produced += 1 << 16;
          yield new Uint8Array(1 << 16).fill(97);
        }
      },
    };
    expect((await attuneFailure(readText(endless))).code).toBe('E_DATA_LIMIT');
    expect(produced).toBeLessThanOrEqual(2 << 20);
  });

  it('names a label that training has not seen', async () => {
    const data = csv(file('text,label\na,refnd\n'), columns);
    const error = await attuneFailure(
      encodeClassification(data, words, new LabelMap(['order', 'refund']), { maxLength: 8 }),
    );
    expect(error).toMatchObject({ code: 'E_DATA_LABELS', field: 'refnd', hint: 'Did you mean "refund"?' });
    expect(error.message).toContain('train.csv:2');
  });

  it('reads JSON Lines and lists lines that are no objects', async () => {
    const data = jsonl(file('{"text":"a","label":1}\n\n{"text":"b","label":"two"}\n', 'rows.jsonl'), columns);
    expect((await data.toArray()).map(({ label, row }) => [label, row])).toEqual([
      ['1', 1],
      ['two', 3],
    ]);
    const error = await attuneFailure(
      jsonl(file('{"text":"a","label":"x"}\n[1]\n{oops\n', 'rows.jsonl'), columns).toArray(),
    );
    expect(error.message).toContain('rows.jsonl:2 is not a JSON object');
    expect(error.message).toContain('rows.jsonl:3');
  });

  it('reads tab-separated files without quoting and without a header', async () => {
    const data = csv(file('he said "hi\t1\nbye\t0\n', 'dev.tsv'), { text: '1', label: '2' }, { header: false });
    expect((await data.toArray()).map(({ text }) => text)).toEqual(['he said "hi', 'bye']);
  });

  it('checks rows in memory likewise', async () => {
    expect((await attuneFailure(rows([{ text: ' ', label: 'x' }]).toArray())).code).toBe('E_DATA_ROWS');
  });

  it('says that a file does not exist', async () => {
    expect((await attuneFailure(csv('/nowhere/train.csv', columns).toArray())).message).toContain(
      'there is no such file',
    );
  });
});

describe('T17 data-leak-trunc', () => {
  it('counts rows that occur in both sets', async () => {
    const train = rows(
      [
        { text: 'a', label: 'x' },
        { text: 'b', label: 'y' },
      ],
      { name: 'train' },
    );
    const evaluation = rows(
      [
        { text: 'b', label: 'y' },
        { text: 'c', label: 'x' },
      ],
      { name: 'test' },
    );
    expect(await leakageWarnings(train, evaluation)).toEqual(['1 of 2 rows of test also occur in train.']);
  });

  it('warns where more than a fifth of the texts is cut', async () => {
    const data = rows([
      { text: 'one two three', label: 'x' },
      { text: 'one', label: 'y' },
    ]);
    const { warnings } = await encodeClassification(data, words, new LabelMap(['x', 'y']), { maxLength: 2 });
    expect(warnings).toEqual(['1 of 2 texts of rows are longer than 2 tokens and were cut.']);
  });
});

describe('data sets', () => {
  it('map, filter, take, batch, shuffle and split', async () => {
    const numbers = Dataset.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(
      await numbers
        .map((n) => n * 2)
        .filter((n) => n > 4)
        .take(2)
        .toArray(),
    ).toEqual([6, 8]);
    expect(await numbers.batch(4).toArray()).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9, 10],
    ]);
    const shuffled = await numbers.shuffle({ seed: 1 }).toArray();
    expect(shuffled).not.toEqual(await numbers.toArray());
    expect(shuffled.toSorted((a, b) => a - b)).toEqual(await numbers.toArray());
    expect(await numbers.shuffle({ seed: 1 }).toArray()).toEqual(shuffled);
    const { train, test } = numbers.split({ test: 0.3, seed: 2 });
    expect([...(await train.toArray()), ...(await test.toArray())].sort((a, b) => a - b)).toEqual(
      await numbers.toArray(),
    );
    expect(await test.toArray()).toHaveLength(3);
  });
});

describe('length buckets', () => {
  it('pad least with few lengths', () => {
    expect(chooseBuckets([3, 4, 5, 60, 61], { maxBuckets: 4 })).toEqual([8, 64]);
    expect(chooseBuckets([8, 8, 8])).toEqual([8]);
    expect(bucketOf(9, [8, 16])).toBe(16);
  });

  const texts = rows(
    Array.from({ length: 37 }, (_, index) => ({
      text: 'w '.repeat(1 + ((index * 7) % 30)).trim(),
      label: index % 3 === 0 ? 'x' : 'y',
    })),
  );

  it('hold every example once an epoch, in static shapes, and differ between epochs', async () => {
    const { dataset } = await encodeClassification(texts, words, new LabelMap(['x', 'y']), { maxLength: 32 });
    const epoch = (number: number) =>
      dataset.batches({ batchSize: 4, shuffle: { seed: 3, epoch: number } }).map((make) => make());
    const first = epoch(0);
    expect(first.flatMap(({ rows: lines }) => lines).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 37 }, (_, index) => index + 1),
    );
    expect(new Set(first.map(({ tensors }) => `${tensors.inputIds?.type.shape}`)).size).toBeLessThanOrEqual(4);
    expect(first.filter(({ rows: lines }) => lines.length < 4)).toHaveLength(1);
    expect(epoch(0).map(({ rows: lines }) => lines)).toEqual(first.map(({ rows: lines }) => lines));
    expect(epoch(1).map(({ rows: lines }) => lines)).not.toEqual(first.map(({ rows: lines }) => lines));
  });

  it('fill the last batch with rows that count for nothing', async () => {
    const { dataset } = await encodeClassification(texts, words, new LabelMap(['x', 'y']), { maxLength: 32 });
    const last = dataset.batches({ batchSize: 4 }).at(-1)!();
    expect(last.tensors.labels?.data.filter((label) => label === -100)).toHaveLength(3);
    expect(last.indices).toHaveLength(1);
  });
});
