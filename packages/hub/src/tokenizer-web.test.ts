/** Fault row T12 in a browser: foreign patterns run in a Web Worker, in headless Chromium. */
import { describeInChromium, runInChromium } from '@attune/testing/chromium';
import { expect, it } from 'vitest';

describeInChromium('T12 in the browser', () => {
  it('T12 ends a pattern that backtracks and keeps the page responsive', async () => {
    const { turns, ...outcome } = await runInChromium<typeof import('./testing/backtracking-page.js')>(
      new URL('./testing/backtracking-page.ts', import.meta.url),
    );
    expect(outcome).toEqual({
      tokens: ['a', '##a', 'b'],
      code: 'E_TOKENIZER_BUDGET',
      field: 'pre_tokenizer.pattern',
    });
    expect(turns).toBeGreaterThan(10);
  });
});
