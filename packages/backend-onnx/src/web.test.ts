/** The conformance suite on onnxruntime-web, in headless Chromium. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { describeInChromium, runInChromium } from '@attune/testing/chromium';
import { expect, it } from 'vitest';

const runtime = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));

describeInChromium('ONNX Runtime in the browser conforms', () => {
  it('passes every case of the suite', async () => {
    const outcomes = await runInChromium<typeof import('./testing/conformance-page.js')>(
      new URL('./testing/conformance-page.ts', import.meta.url),
      { directories: [runtime], external: ['onnxruntime-node'], milliseconds: 170_000 },
    );
    expect(outcomes.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(150);
  }, 180_000);
});
