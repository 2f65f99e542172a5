import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { describeInChromium, runInChromium } from './chromium.js';

describeInChromium('a page in Chromium', () => {
  it('is isolated, secure, and can fetch the files of the directories', async () => {
    const directories = [fileURLToPath(new URL('./pages', import.meta.url))];
    expect(
      await runInChromium<typeof import('./pages/isolation.js')>(new URL('./pages/isolation.ts', import.meta.url), {
        directories,
      }),
    ).toEqual({
      isolated: true,
      secure: true,
      file: '/** What the page offers to a runtime. */',
      missing: 404,
    });
  });

  it('fails with what it threw and what it wrote to the console', async () => {
    await expect(
      runInChromium<typeof import('./pages/failure.js')>(new URL('./pages/failure.ts', import.meta.url)),
    ).rejects.toThrow(
      /pages\/failure\.ts failed in Chromium: .*RangeError: the page gave up.*a message before the end/s,
    );
  });

  it('is ended when its time is over', async () => {
    await expect(
      runInChromium<typeof import('./pages/endless.js')>(new URL('./pages/endless.ts', import.meta.url), {
        milliseconds: 3000,
      }),
    ).rejects.toThrow('it was ended after 3000 milliseconds');
  });
});
