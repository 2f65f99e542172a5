import { lstm, ProgramBuilder, tensorType } from '@attune/ir';
import { expect, it } from 'vitest';
import { schedule } from '../schedule/schedule.js';
import { cpuTuning } from '../schedule/tuning.js';

function kernelsOf(steps: number) {
  const builder = new ProgramBuilder('lstm');
  const x = builder.input('x', tensorType([steps, 2, 3]));
  const weights = {
    inputWeight: builder.input('wx', tensorType([16, 3])),
    hiddenWeight: builder.input('wh', tensorType([16, 4])),
  };
  return schedule(builder.finish({ y: lstm(x, weights).outputs }), { tuning: cpuTuning }).kernels;
}

it('has two kernels for a step of an LSTM, which all steps but the first share', () => {
  const steps = kernelsOf(32).filter(({ label }) => !label.includes('concat'));
  expect(steps.length).toBeGreaterThanOrEqual(2 * 32);
  expect(steps.length).toBeLessThan(2 * 32 + 4);
  expect(new Set(steps.map(({ code }) => code)).size).toBeLessThan(10);
});
