/** The conformance suite in headless Chromium, and training in a worker of it. */
import { describeInChromium, runInChromium } from '@attune/testing/chromium';
import { softwareFlags } from '@attune/testing/chromium-flags';
import { expect, it } from 'vitest';

describeInChromium('WebGPU in the browser conforms', () => {
  it('passes every case of the suite', async () => {
    const outcomes = await runInChromium<typeof import('./testing/conformance-page.js')>(
      new URL('./testing/conformance-page.ts', import.meta.url),
      { flags: softwareFlags, milliseconds: 550_000 },
    );
    expect(outcomes.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(150);
  }, 560_000);

  it('trains in a Web Worker', async () => {
    const outcomes = await runInChromium<typeof import('./testing/worker-page.js')>(
      new URL('./testing/worker-page.ts', import.meta.url),
      { flags: softwareFlags, milliseconds: 110_000 },
    );
    expect(outcomes).toEqual([{ name: 'programs/ten steps follow the reference', status: 'passed' }]);
  }, 120_000);
});
