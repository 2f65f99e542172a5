import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attuneFailure } from '@attune/testing/attune-failure';
import { describe, expect, test } from 'vitest';
import { textSource } from './byte-source.js';
import { LabelMap } from './label-map.js';
import { encodeClassification, encodeMultiLabel, encodeRegression, type TextEncoder } from './labelled-texts.js';
import { csv, jsonl, textFile } from './text-examples.js';
import { tokenizedDataset } from './tokenized.js';

const letters: TextEncoder = {
  padTokenId: 0,
  encodeText: (text) => ({ ids: [...text].map((_, id) => id), typeIds: [...text].map(() => 0), truncated: false }),
};

const columns = { text: 'text', label: 'label' };

describe('T15: labels that the model does not know', () => {
  const known = new LabelMap(['order', 'refund']);
  const file = textSource('eval.csv', `text,label\nfirst,order\n${'a,refnd\nb,other\n'.repeat(15)}`);

  test('are listed with file, line and column, and counted', async () => {
    const error = await attuneFailure(encodeClassification(csv(file, columns), letters, known, { maxLength: 8 }));
    expect(error).toMatchObject({
      code: 'E_DATA_LABELS',
      file: 'eval.csv',
      field: 'refnd',
      hint: 'Did you mean "refund"?',
    });
    expect(error.message.split('\n').slice(0, 3)).toEqual([
      '30 rows of eval.csv cannot be used:',
      'eval.csv:3:2 has the label "refnd", which the model was not trained on',
      'eval.csv:4:2 has the label "other", which the model was not trained on',
    ]);
    expect(error.message.split('\n')).toHaveLength(22);
    expect(error.message).toContain('and 10 more');
  });

  test('are skipped on request, and counted with the rows that were skipped before', async () => {
    const rows = textSource('eval.csv', 'text,label\na,order\nb,other\n,order\nc,refund\n');
    const data = csv(rows, columns, { onBadRow: 'skip' });
    const { dataset, examples, warnings } = await encodeClassification(data, letters, known, { maxLength: 8 });
    expect(examples.map(({ row }) => row)).toEqual([2, 5]);
    expect(dataset.skippedRows).toBe(2);
    expect(warnings).toEqual(['2 rows of eval.csv were skipped.']);
  });

  test('numbers and several labels likewise', async () => {
    const rows = textSource('eval.csv', 'text,label\na,one\nb,2\nc,three\n');
    const number = await attuneFailure(encodeRegression(csv(rows, columns), letters, { maxLength: 8 }));
    expect(number.message).toContain('2 rows of eval.csv cannot be used:\neval.csv:2:2 has the label "one"');
    const several = await attuneFailure(encodeMultiLabel(csv(rows, columns), letters, known, { maxLength: 8 }));
    expect(several.message).toContain('3 rows of eval.csv');
  });
});

describe('T15: JSON Lines', () => {
  test.each([
    ['a first line that is not JSON', '{oops\n{"text":"a","label":"x"}\n', 'data.jsonl:1 is not a JSON object'],
    ['an only line that is not JSON', 'text,label', 'data.jsonl:1 is not a JSON object'],
    ['a key twice', '{"text":"a","text":"b","label":"x"}', 'data.jsonl:1 has the key "text" twice'],
    ['a key twice, once escaped', '{"text":"a","te\\u0078t":"b","label":"x"}', 'data.jsonl:1 has the key "text" twice'],
    ['a list', '{"text":["b"],"label":"x"}', 'data.jsonl:1:1 has a list where a text is wanted ("text")'],
    [
      'a list of lists',
      '{"text":[["b"]],"label":"x"}',
      'data.jsonl:1:1 has a list of lists or objects where a text is wanted ("text")',
    ],
    ['an object', '{"label":"x","text":{"a":1}}', 'data.jsonl:1:2 has an object where a text is wanted ("text")'],
    ['null', '{"text":null,"label":"x"}', 'data.jsonl:1:1 has an empty text ("text")'],
  ])('%s', async (_, content, message) => {
    const error = await attuneFailure(jsonl(textSource('data.jsonl', content), columns).toArray());
    expect(error.code).toBe('E_DATA_ROWS');
    expect(error.message).toContain(message);
  });
});

test('field 19: a pointer of Git LFS in place of data says what it is', async () => {
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 12345\n`;
  for (const read of [csv, jsonl]) {
    const error = await attuneFailure(read(textSource('train.csv', pointer), columns).toArray());
    expect(error).toMatchObject({ code: 'E_LFS_POINTER', file: 'train.csv', hint: expect.stringContaining('git lfs') });
  }
});

describe('T15: files of other formats', () => {
  test.each(['data.json', 'data.parquet', 'DATA.CSV.GZ'])('%s: which are read', async (name) => {
    const error = await attuneFailure(textFile(textSource(name, '[{"text":"a"}]'), columns).toArray());
    expect(error).toMatchObject({ code: 'E_DATA', file: name });
    expect(error.message).toMatch(/delimited text \(\.csv, \.tsv\) and JSON Lines \(\.jsonl, \.ndjson\) are read/);
  });

  test.runIf(process.platform === 'linux')('a pipe does not hang', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'attune-data-'));
    try {
      spawnSync('mkfifo', [join(folder, 'pipe.csv')]);
      const error = await attuneFailure(csv(join(folder, 'pipe.csv'), columns).toArray());
      expect(error.message).toMatch(/it is no regular file/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('T22: the fingerprint of data', () => {
  const example = { ids: [1, 2], typeIds: [0, 1], labels: { labels: 1 }, row: 2, truncated: false };
  const options = { name: 'data', padTokenId: 0, maxLength: 16, labelFields: [] };
  const { fingerprint } = tokenizedDataset([example], options);

  test.each([
    ['ids', { ...example, ids: [1, 3] }, {}],
    ['type ids', { ...example, typeIds: [0, 0] }, {}],
    ['labels', { ...example, labels: { labels: 2 } }, {}],
    ['lengths of buckets', example, { multipleOf: 4 }],
    ['padding', example, { padTokenId: 1 }],
    ['masking', example, { settings: '0.2' }],
  ])('differs with other %s', (_, changed, more) => {
    expect(tokenizedDataset([changed], { ...options, ...more }).fingerprint).not.toBe(fingerprint);
  });

  test('is the same for the same rows elsewhere in the file', () => {
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(tokenizedDataset([{ ...example, row: 3 }], options).fingerprint).toBe(fingerprint);
  });
});
