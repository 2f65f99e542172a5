/** Fault row T12 in a browser: foreign patterns run in a Web Worker, in headless Chromium. */
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { describe, expect, it } from 'vitest';

const browser = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
const required = (process.env.ATTUNE_REQUIRE ?? '').includes('chromium');

/** Leaves what happened in `globalThis.outcome`. */
const page = `
  import { Tokenizer } from './tokenizer.js';
  const model = { type: 'WordPiece', vocab: { '[UNK]': 0, a: 1, '##a': 2, b: 3 }, unk_token: '[UNK]', continuing_subword_prefix: '##' };
  const pre_tokenizer = { type: 'Split', pattern: { Regex: '(a+)+(?=b)|(a+)+$' }, behavior: 'Isolated', invert: false };
  const tokenizer = new Tokenizer('tokenizer.json', { added_tokens: [], pre_tokenizer, model }, {});
  const run = async () => {
    const [encoding] = await tokenizer.encode(['aab']);
    let turns = 0;
    setInterval(() => turns++, 20);
    const error = await tokenizer.encode(['a'.repeat(40) + 'c'], { budgetMilliseconds: 1000 }).catch((thrown) => thrown);
    return { tokens: encoding.tokens, code: error.code, field: error.field, turns };
  };
  run().then((outcome) => { globalThis.outcome = outcome; }, (error) => { globalThis.outcome = { problem: String(error) }; });
`;

describe.skipIf(!browser && !required)('T12 in the browser', () => {
  it('T12 ends a pattern that backtracks and keeps the page responsive', async () => {
    const { outputFiles } = await build({
      stdin: { contents: page, resolveDir: fileURLToPath(new URL('.', import.meta.url)), loader: 'ts' },
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      alias: { '@attune/ir': fileURLToPath(new URL('../../ir/src/index.ts', import.meta.url)) },
      target: 'es2022',
    });
    const script = outputFiles[0]!.text;
    const server = createServer((request, response) => {
      const isScript = request.url === '/page.js';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? script : '<!doctype html><script type="module" src="/page.js"></script>');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const instance = await chromium.launch({
      ...(browser ? { executablePath: browser } : {}),
      args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
    });
    try {
      const tab = await instance.newPage();
      await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      const handle = await tab.waitForFunction('globalThis.outcome', undefined, { timeout: 50_000 });
      const outcome = await handle.jsonValue();
      expect(outcome).toEqual({
        tokens: ['a', '##a', 'b'],
        code: 'E_TOKENIZER_BUDGET',
        field: 'pre_tokenizer.pattern',
        turns: expect.any(Number),
      });
      expect(Reflect.get(Object(outcome), 'turns')).toBeGreaterThan(10);
    } finally {
      await instance.close();
      server.close();
    }
  });
});
