import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sequenceClassification } from '@attune/models';
import { expect, it } from 'vitest';
import { ownLoop } from './own-loop.js';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

it('the loop learns, and what it saves loads again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'attune-own-loop-'));
  try {
    const output = join(folder, 'model');
    const losses = await ownLoop({
      model: at('../../packages/base-mini'),
      train: at('../quickstart/data/train.csv'),
      epochs: 2,
      output,
    });
    expect(losses[1]).toBeLessThan(losses[0]!);
    const { labels, created } = await sequenceClassification(output);
    expect(labels).toHaveLength(10);
    expect(created).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 180_000);

it('is short enough to be read: at most 40 lines of code', () => {
  const lines = readFileSync(at('own-loop.ts'), 'utf8').split('\n');
  expect(lines.filter((line) => line.trim() !== '' && !line.trim().startsWith('/**')).length).toBeLessThanOrEqual(40);
});
