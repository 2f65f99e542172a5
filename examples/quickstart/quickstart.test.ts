import { fileURLToPath } from 'node:url';
import { baseMini } from '@attune/base-mini';
import { csv } from '@attune/data';
import { sharedPath, skipsGolden } from '@attune/hub/testing/python';
import { describe, expect, it } from 'vitest';
import { trainBy } from './compare.js';
import { tableHead, tableRow } from './comparison-table.js';
import { methods } from './methods.js';

const data = fileURLToPath(new URL('data', import.meta.url));
const columns = { text: 'text', label: 'intent' };
const texts = { train: csv(`${data}/train.csv`, columns), test: csv(`${data}/test.csv`, columns) };
const model = fileURLToPath(baseMini);

it('the pretrained model beats the same architecture from scratch', async () => {
  const [scratch, , , , full] = methods({ model });
  const accuracies: number[] = [];
  for (const method of [scratch!, full!]) {
    const { accuracy, trainer } = await trainBy({ ...method, epochs: 2 }, texts);
    await trainer[Symbol.asyncDispose]();
    accuracies.push(accuracy);
  }
  expect(accuracies[1]).toBeGreaterThan(accuracies[0]! + 0.1);
}, 180_000);

describe.skipIf(skipsGolden)('vectors of a file', () => {
  it('take the place of the token table', async () => {
    const glove = sharedPath('models/glove-6b-50d/glove.6B.50d.40k.txt.gz');
    const method = methods({ model, vectors: glove })[1]!;
    const { title, accuracy, trainableParameters, trainer } = await trainBy(method, texts);
    await trainer[Symbol.asyncDispose]();
    expect(title).toBe('word vectors (glove.6B.50d.40k.txt.gz)');
    expect(trainableParameters).toBe(50 * 10 + 10);
    expect(accuracy).toBeGreaterThan(0.4);
  }, 120_000);
});

it('the table has a row for each method under its head', () => {
  const row = { title: 'LoRA', accuracy: 0.875, seconds: 7.26, trainableParameters: 123456 };
  expect(`${tableHead(9)}\n${tableRow(row, 9)}`).toBe(
    [
      '            accuracy    seconds  trainable parameters',
      'LoRA          87.5 %        7.3               123,456',
    ].join('\n'),
  );
});
