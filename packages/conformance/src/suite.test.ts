import { referenceBackend } from '@attune/ir';
import { describe, expect, it } from 'vitest';
import { plantedFaults } from './planted-faults.js';
import { runConformance } from './suite.js';

describe('the conformance suite', () => {
  it('passes on the reference backend', async () => {
    const outcomes = await runConformance(referenceBackend());
    expect(outcomes.filter(({ status }) => status !== 'passed')).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(150);
  });

  it.each(plantedFaults())('finds the planted fault: $name', async ({ backend }) => {
    const outcomes = await runConformance(backend, { only: /^(protocol|composites|programs)\// });
    expect(outcomes.some(({ status }) => status === 'failed')).toBe(true);
  });

  it('fails a case that passes although it is listed as a limitation', async () => {
    const name = 'protocol/memory counts live buffers';
    const outcomes = await runConformance(referenceBackend(), {
      only: /^protocol/,
      limitations: [{ name, reason: 'none' }],
    });
    expect(outcomes.find((outcome) => outcome.name === name)?.status).toBe('failed');
  });
});
