import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { intents } from './intents.js';

const shared = fileURLToPath(new URL('../../../shared/', import.meta.url));

it.skipIf(!process.env.CI && !existsSync(shared))(
  'the intents example learns a slice of Banking77',
  async () => {
    const { losses, metrics, answer } = await intents({
      model: `${shared}models/all-minilm-l6-v2`,
      train: `${shared}data/banking77/train.csv`,
      test: `${shared}data/banking77/test.csv`,
      epochs: 2,
      take: 400,
    });
    expect(losses.at(-1)).toBeLessThan(losses[0]! * 0.7);
    expect(metrics.accuracy).toBeGreaterThan(0.6);
    expect(typeof answer).toBe('string');
  },
  180_000,
);
