/** The conformance suite in headless Chromium. */
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
});
