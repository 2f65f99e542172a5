/** The conformance suite on onnxruntime-web, in headless Chromium. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Outcome } from '@attune/conformance';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const browser = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
const required = (process.env.ATTUNE_REQUIRE ?? '').includes('chromium');
if (!browser) console.warn('onnxruntime-web was not run: there is no Chromium (apt-get install chromium)');

const source = (path: string) => fileURLToPath(new URL(`../../${path}.ts`, import.meta.url));

/** The page: runs the suite and leaves the outcomes in `globalThis.outcomes`. */
const page = `
  import { runConformance } from '@attune/conformance';
  import { onnx } from '@attune/backend-onnx';
  runConformance(onnx({ runtime: 'web', threads: 2, wasmPaths: '/' })).then(
    (outcomes) => { globalThis.outcomes = outcomes; },
    (error) => { globalThis.outcomes = [{ name: 'open', status: 'failed', error: String(error) }]; },
  );
`;

async function bundle(): Promise<string> {
  const names = ['ir', 'hub', 'core', 'conformance', 'backend-onnx'];
  const { outputFiles } = await build({
    stdin: { contents: page, resolveDir: dirname(fileURLToPath(import.meta.url)), loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    alias: {
      ...Object.fromEntries(names.map((name) => [`@attune/${name}`, source(`${name}/src/index`)])),
      '@attune/hub/directory': source('hub/src/directory-browser'),
    },
    external: ['onnxruntime-node'],
    target: 'es2022',
  });
  return outputFiles[0]!.text;
}

describe.skipIf(!browser && !required)('ONNX Runtime in the browser conforms', () => {
  let server: Server;
  let outcomes: readonly Outcome[];

  beforeAll(async () => {
    const script = await bundle();
    const files = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));
    server = createServer((request, response) => {
      const name = basename(request.url ?? '/');
      const type = name.endsWith('.wasm') ? 'application/wasm' : name === '' ? 'text/html' : 'text/javascript';
      response.setHeader('content-type', type);
      response.setHeader('cross-origin-opener-policy', 'same-origin');
      response.setHeader('cross-origin-embedder-policy', 'require-corp');
      if (name === '') response.end('<!doctype html><script type="module" src="/page.js"></script>');
      else if (name === 'page.js') response.end(script);
      else if (existsSync(`${files}/${name}`)) response.end(readFileSync(`${files}/${name}`));
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const instance = await chromium.launch({
      ...(browser ? { executablePath: browser } : {}),
      args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
    });
    try {
      const tab = await instance.newPage();
      await tab.goto(`http://127.0.0.1:${port}/`);
      const handle = await tab.waitForFunction('globalThis.outcomes', undefined, { timeout: 170_000 });
      outcomes = (await handle.jsonValue()) as readonly Outcome[];
    } finally {
      await instance.close();
    }
  }, 180_000);

  afterAll(() => server?.close());

  it('passes every case of the suite', () => {
    expect(outcomes.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(150);
  });
});
