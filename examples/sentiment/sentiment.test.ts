import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { sentiment } from './sentiment.js';

const shared = fileURLToPath(new URL('../../../shared/', import.meta.url));

it.skipIf(!process.env.CI && !existsSync(shared))(
  'the sentiment example runs on a slice of SST-2',
  async () => {
    const [metrics] = await sentiment({
      model: `${shared}models/all-minilm-l6-v2`,
      train: `${shared}data/sst2/train.tsv`,
      test: `${shared}data/sst2/dev.tsv`,
      epochs: 1,
      take: 64,
    });
    expect(metrics?.loss).toBeGreaterThan(0);
    expect(metrics?.accuracy).toBeGreaterThan(0.3);
  },
  180_000,
);
