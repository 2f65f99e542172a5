import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Device, referenceBackend } from '@attune/ir';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { worstError } from '../tolerance.js';
import { runScheduleCase } from './schedules.js';

interface GoldenFile {
  readonly schedule: string;
  readonly tolerance: { readonly rtol: number; readonly atol: number };
  readonly cases: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const folder = fileURLToPath(new URL('../../../../../shared/golden/schedules/', import.meta.url));

describe('golden schedules', () => {
  let device: Device;
  beforeAll(async () => {
    device = await referenceBackend().open();
  });
  afterAll(() => device[Symbol.asyncDispose]());

  for (const file of readdirSync(folder)) {
    const { schedule, cases, tolerance }: GoldenFile = JSON.parse(readFileSync(folder + file, 'utf8'));
    for (const [name, golden] of Object.entries(cases)) {
      test(`${schedule} ${name}`, async () => {
        const comparisons = await runScheduleCase({ schedule, golden }, device);
        for (const { name: list, got, want, tolerance: own } of comparisons) {
          const { rtol, atol } = own ?? tolerance;
          expect(want.length, list).toBeGreaterThan(0);
          expect(worstError(got, want, { relative: rtol, absolute: atol }), list).toBeLessThanOrEqual(1);
        }
      });
    }
  }
});
