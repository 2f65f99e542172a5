/** The built page in Chromium: from a dropped file to an adapter that Node loads, over a reload, and without a network. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onnx } from '@attune/backend-onnx';
import { baseMini } from '@attune/base-mini';
import { type Strategy, Trainer } from '@attune/core';
import { rows } from '@attune/data';
import type { Storage } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { type SequenceClassifier, sequenceClassification } from '@attune/models';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { full, loadAdapter } from '@attune/strategies';
import { attuneSources } from '@attune/testing/attune-sources';
import { describeInChromium } from '@attune/testing/chromium';
import { softwareFlags } from '@attune/testing/chromium-flags';
import { launchChromium } from '@attune/testing/chromium-page';
import type { Browser, Page } from 'playwright-core';
import { build, type PreviewServer, preview } from 'vite';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { classify, download, press, reaches, says, train, trainedSteps } from './page-driver.js';
import { policy } from './security-policy.js';

const directory = mkdtempSync(join(tmpdir(), 'attune-page-'));
const tinyModel = join(directory, 'model');
const tinyFiles = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];
const labels = ['animal', 'place'];
const texts = ['the cat sat on the mat', 'where is the dog', 'is bonn in paris', 'paris is very good'];
/** Two steps of four rows in an epoch. */
const csv = [
  'message,intent',
  ...Array.from({ length: 8 }, (_, row) => `${texts[row % 4]} ${row},${labels[(row % 4) >> 1]}`),
];

/** LoRA on the base, on WebGPU, for longer than anyone waits. All texts are cut to one length: a shape is compiled once. */
const baseTask = { csv, backend: 'webgpu', epochs: 1000, tokens: 4 } as const;

/** LoRA on a tiny model, on the CPU. */
const tinyTask = {
  csv,
  model: tinyFiles.map((name) => join(tinyModel, name)),
  backend: 'onnx',
  epochs: 20,
  tokens: 16,
} as const;
const STEPS = 40;

/** Milliseconds that anything on the page may take where other tests run beside. */
const WAIT = 120_000;

let site: PreviewServer;
let browser: Browser;

beforeAll(async () => {
  const root = fileURLToPath(new URL('.', import.meta.url));
  const outDir = join(directory, 'site');
  await build({
    root,
    logLevel: 'error',
    build: { outDir },
    plugins: [attuneSources],
    worker: { plugins: () => [attuneSources] },
  });
  site = await preview({ root, build: { outDir }, preview: { host: '127.0.0.1', port: 0 } });
  await writeTinyBert(nodeStorage(tinyModel));
  browser = await launchChromium(softwareFlags);
}, 240_000);

afterAll(async () => {
  await browser?.close();
  await site?.close();
  rmSync(directory, { recursive: true, force: true });
});

const address = () => site.resolvedUrls!.local[0]!;

/** What the browser said that the page's policy does not allow. */
const refused: string[] = [];

async function open(): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(WAIT);
  page.on('console', (message) => {
    if (/content security policy/i.test(message.text())) refused.push(message.text());
  });
  await page.goto(address());
  return page;
}

type Scores = ReadonlyMap<string, number>;

/** What a model answers in Node, on ONNX Runtime. */
async function answer(model: SequenceClassifier, strategy: Strategy, message: string): Promise<Scores> {
  const train = rows([{ text: message, label: labels[0]! }]);
  await using trainer = new Trainer({ model, train, strategy, backend: onnx() });
  return new Map((await trainer.predict(message)).labels.map(({ label, score }) => [label, score]));
}

async function answerOfAdapter(adapter: Storage, base: string, maxLength: number, message: string): Promise<Scores> {
  const model = await sequenceClassification(base, { labels, maxLength });
  const { strategy, weights } = await loadAdapter(adapter, model.model);
  return answer({ ...model, weights: new Map([...model.weights, ...weights]) }, strategy, message);
}

const answerOfModel = async (model: Storage, maxLength: number, message: string): Promise<Scores> =>
  answer(await sequenceClassification(model, { maxLength }), full(), message);

function expectSame(scores: Scores, expected: Scores): void {
  expect([...scores.keys()].toSorted()).toEqual(labels);
  for (const [label, score] of scores) expect(score).toBeCloseTo(expected.get(label)!, 5);
}

describeInChromium('the page', () => {
  let uninterrupted: Uint8Array;

  afterEach(() => expect(refused.splice(0)).toEqual([]));

  it('audit S8: has the policy that the README names, which is in force', async () => {
    const readme = readFileSync(fileURLToPath(new URL('README.md', import.meta.url)), 'utf8');
    expect(readme).toContain(`\n${policy}\n`);
    const { headers } = await fetch(address());
    expect(headers.get('content-security-policy')).toBe(policy);
    const page = await open();
    expect(await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute('content')).toBe(policy);
    const outcome = page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => resolve(effectiveDirective));
          const script = document.createElement('script');
          script.textContent = 'document.title = "ran"';
          document.head.append(script);
          if (document.title === 'ran') resolve('ran');
        }),
    );
    expect(await outcome).toBe('script-src-elem');
    expect(refused.splice(0).length).toBeGreaterThan(0);
    await page.context().close();
  });

  it(
    'trains on a dropped file, answers, and gives an adapter and a merged model that answer alike in Node',
    async () => {
      const page = await open();
      await train(page, tinyTask);
      await says(page, `Finished after step ${STEPS}`);
      expect(await page.getByLabel('Texts').inputValue()).toBe('message');
      expect(await page.getByLabel('Labels', { exact: true }).inputValue()).toBe('intent');
      expect(page.workers()).toHaveLength(1);
      expect(await trainedSteps(page)).toBe(STEPS);
      const scores = await classify(page, texts[2]!);
      const adapter = await download(page, 'Adapter');
      uninterrupted = await adapter.read('adapter_model.safetensors');
      expectSame(scores, await answerOfAdapter(adapter, tinyModel, tinyTask.tokens, texts[2]!));
      expectSame(scores, await answerOfModel(await download(page, 'Whole model'), tinyTask.tokens, texts[2]!));
      await page.context().close();
    },
    3 * WAIT,
  );

  it(
    'goes on after it was left in the middle, to the same adapter, and opens without a network',
    async () => {
      const page = await open();
      await page.evaluate(() => {
        const leave = new MutationObserver(() => location.replace('about:blank'));
        leave.observe(document.getElementById('status')!, { attributeFilter: ['data-saved'] });
      });
      await train(page, tinyTask);
      await page.waitForURL('about:blank');
      await page.goto(address());
      await says(page, `Finished after step ${STEPS}`);
      const trained = await trainedSteps(page);
      expect(trained).toBeGreaterThan(0);
      expect(trained).toBeLessThan(STEPS);
      // Checkpoints are ten steps apart.
      expect(trained % 10).toBe(0);
      const adapter = await download(page, 'Adapter');
      const weights = await adapter.read('adapter_model.safetensors');
      expect(Buffer.from(weights).equals(uninterrupted)).toBe(true);

      await page.evaluate(() => navigator.serviceWorker.ready);
      await page.context().setOffline(true);
      await page.reload();
      await says(page, `Finished after step ${STEPS}`);
      expect([...(await classify(page, texts[0]!)).keys()].toSorted()).toEqual(labels);

      await train(page, { ...tinyTask, method: 'full', epochs: 1 });
      await says(page, 'Finished after step 2.');
      expect(await page.getByRole('button', { name: 'Adapter' }).count()).toBe(0);
      expectSame(
        await classify(page, texts[0]!),
        await answerOfModel(await download(page, 'Whole model'), tinyTask.tokens, texts[0]!),
      );
      await page.context().close();
    },
    3 * WAIT,
  );

  it(
    'trains the base on WebGPU, and handles clicks while steps go on',
    async () => {
      const page = await open();
      const message = texts[2]!;
      await train(page, baseTask);
      await reaches(page, 1);
      const before = await trainedSteps(page);
      await page.getByText('Settings').click();
      expect(await page.getByLabel('Epochs').isVisible()).toBe(true);
      await reaches(page, before + 1);
      await press(page, 'Stop');
      await says(page, 'Stopped after step');
      const scores = await classify(page, message);
      const adapter = await download(page, 'Adapter');
      const model = await download(page, 'Whole model');
      expectSame(scores, await answerOfAdapter(adapter, fileURLToPath(baseMini), baseTask.tokens, message));
      expectSame(scores, await answerOfModel(model, baseTask.tokens, message));
      await page.context().close();
    },
    3 * WAIT,
  );
});
