// Where the sides of the WebGPU benchmark run: a page of Chromium, or this process, which has WebGPU by Dawn as well.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root } from '../common.mjs';

// Without the paths of tsconfig.json, which lead to the sources of the packages.
const bundle = { bundle: true, format: 'esm', tsconfigRaw: {}, logLevel: 'warning' };
const file = (path) => join(root, path);
const page = { ...bundle, entryPoints: [file('bench/webgpu/page.ts')] };
const HOURS = 4 * 3_600_000;

/**
 * The runtimes by their names. Each passes to `action` what calls a function of the page by its text, and what tells how many
 * milliseconds processors have worked for it: in Chromium for the process of the graphics, which on SwiftShader computes
 * everything.
 */
export const runtimes = {
  async chromium({ name, isOnHardware }, action) {
    const { outputFiles } = await build({ ...page, platform: 'browser', write: false });
    const { inChromiumPage, flags } = await chromium(isOnHardware);
    const options = { name, script: outputFiles[0].text, flags, milliseconds: HOURS };
    return inChromiumPage(options, (own, browser) =>
      action({
        call: (expression) => own.evaluate(`import('/page.js').then((page) => page.${expression})`),
        processorTime: () => processorTime(browser),
      }),
    );
  },

  async node(_, action) {
    nodePage ??= loadNodePage();
    const own = await nodePage;
    return action({
      call: (expression) => new Function('page', `return page.${expression}`)(own),
      processorTime() {
        const { user, system } = process.cpuUsage();
        return (user + system) / 1000;
      },
    });
  },
};

/** One for the process, as Dawn is. */
let nodePage;

async function loadNodePage() {
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  const navigator = { gpu: create([]), userAgent: 'node' };
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
  const outfile = file('bench/dist/node-page.mjs');
  const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
  const target = 'node20';
  await build({ ...page, platform: 'node', target, external: ['webgpu'], banner: { js: banner }, outfile });
  return import(pathToFileURL(outfile));
}

async function chromium(isOnHardware) {
  await build({
    ...bundle,
    entryPoints: [file('testing/src/chromium-page.ts'), file('testing/src/chromium-flags.ts')],
    platform: 'node',
    packages: 'external',
    outdir: file('bench/dist'),
  });
  const { inChromiumPage } = await import(pathToFileURL(file('bench/dist/chromium-page.js')));
  const { hardwareFlags, softwareFlags } = await import(pathToFileURL(file('bench/dist/chromium-flags.js')));
  return { inChromiumPage, flags: isOnHardware ? hardwareFlags : softwareFlags };
}

async function processorTime(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return 1000 * processInfo.find(({ type }) => type === 'GPU').cpuTime;
}
