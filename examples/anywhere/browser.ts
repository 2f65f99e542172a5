/** The script in headless Chromium. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { softwareFlags } from '@attune/testing/chromium-flags';
import { chromiumPath, inChromiumPage } from '@attune/testing/chromium-page';
import { peakMemory } from './chromium-memory.js';
import type { PageInput } from './page.js';
import { type PlaceOutput, trainingOutput } from './place-output.js';
import type { LocalInput } from './reference.js';

/**
 * Trains at a place in the browser.
 * @param script page.ts, bundled
 * @param flags of Chromium; WebGPU is SwiftShader's by default
 * @throws Error where there is no Chromium, and with what the page threw
 */
export async function runInBrowser(
  script: string,
  name: string,
  { model, ...rest }: LocalInput,
  flags: readonly string[] = softwareFlags,
): Promise<PlaceOutput> {
  if (chromiumPath === undefined) throw new Error('there is no Chromium (apt-get install chromium)');
  const { resolve } = createRequire(import.meta.url);
  const runtimes = ['onnxruntime-web', '@tensorflow/tfjs-backend-wasm'].map((runtime) => dirname(resolve(runtime)));
  const input: PageInput = { ...rest, place: name };
  return inChromiumPage(
    { name, script, flags, directories: [model, ...runtimes], milliseconds: 24 * 3_600_000 },
    async (page, browser) => {
      const call = `import('/page.js').then((page) => page.default(${JSON.stringify(input)}))`;
      const output = trainingOutput.parse(await page.evaluate(call));
      const memoryBytes = await peakMemory(browser);
      return { ...output, ...(memoryBytes === undefined ? {} : { memoryBytes }) };
    },
  );
}
