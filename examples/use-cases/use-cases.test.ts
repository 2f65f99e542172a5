/** Each use case on a slice of its data. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { baseMini } from '@attune/base-mini';
import { expect, it } from 'vitest';
import { brandTone } from './brand-tone/brand-tone.js';
import { newsTopics } from './news-topics/news-topics.js';

const shared = fileURLToPath(new URL('../../../shared/', import.meta.url));

it('brand tone: lines about new topics, after eight topics', async () => {
  const { accuracy, answer } = await brandTone({ model: fileURLToPath(baseMini), numIterations: 2, take: 12 });
  expect(accuracy).toBeGreaterThan(0.5);
  expect(['formal', 'playful', 'warm']).toContain(answer);
}, 180_000);

it.skipIf(!process.env.CI && !existsSync(shared))(
  'news topics: after a few sentences',
  async () => {
    const options = { data: `${shared}data/sib200/sib200.csv`, language: 'en', epochs: 10, take: 16 } as const;
    const { losses, accuracy } = await newsTopics({ model: fileURLToPath(baseMini), ...options });
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
    expect(accuracy).toBeGreaterThan(1 / 7);
  },
  180_000,
);
