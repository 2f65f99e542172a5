/** The built page in Chromium: from a dropped file to an adapter that Node loads, over a reload, and without a network. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onnx } from '@attune/backend-onnx';
import { Trainer } from '@attune/core';
import { rows } from '@attune/data';
import { MemoryStorage, type Storage, writeFile } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { type Classification, sequenceClassification } from '@attune/models';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { loadLora } from '@attune/strategies';
import { attuneSources } from '@attune/testing/attune-sources';
import { describeInChromium } from '@attune/testing/chromium';
import { launchChromium } from '@attune/testing/chromium-page';
import { unzipSync } from 'fflate';
import type { Browser, Page } from 'playwright-core';
import { build, type PreviewServer, preview } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'attune-page-'));
const modelPath = join(directory, 'model');
const modelFiles = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];
const labels = ['animal', 'place'];
const texts = ['the cat sat on the mat', 'where is the dog', 'is bonn in paris', 'paris is very good'];
/** 24 rows, six steps of four. */
const csv = [
  'message,intent',
  ...Array.from({ length: 24 }, (_, row) => `${texts[row % 4]} ${row},${labels[(row % 4) >> 1]}`),
];

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
  await writeTinyBert(nodeStorage(modelPath));
  browser = await launchChromium();
}, 240_000);

afterAll(async () => {
  await browser?.close();
  await site?.close();
  rmSync(directory, { recursive: true, force: true });
});

const open = async (): Promise<Page> => {
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(WAIT);
  await page.goto(site.resolvedUrls!.local[0]!);
  return page;
};

/** Milliseconds that anything on the page may take where other tests run beside. */
const WAIT = 60_000;

/** Long enough for a reload in its middle. */
const STEPS = 120;

/** Drops the CSV and trains LoRA on a tiny model, on the CPU. */
async function train(page: Page): Promise<void> {
  const transfer = await page.evaluateHandle((text) => {
    const data = new DataTransfer();
    data.items.add(new File([text], 'messages.csv', { type: 'text/csv' }));
    return data;
  }, csv.join('\n'));
  await page.dispatchEvent('#drop', 'drop', { dataTransfer: transfer });
  await page.locator('#text-column:enabled').waitFor();
  expect(await page.getByLabel('Texts').inputValue()).toBe('message');
  expect(await page.getByLabel('Labels', { exact: true }).inputValue()).toBe('intent');
  await page.getByText('Settings').click();
  await page.getByLabel('Computes on').selectOption('onnx');
  await page.getByLabel('Epochs').fill('20');
  await page.getByLabel('Batch size').fill('4');
  await page.getByLabel('Learning rate').fill('0.02');
  await page.getByLabel('Tokens kept').fill('16');
  await page.getByLabel('Model files').setInputFiles(modelFiles.map((name) => join(modelPath, name)));
  await page.getByRole('button', { name: 'Train', exact: true }).click();
}

const finished = (page: Page) => page.getByRole('status').getByText(`Finished after step ${STEPS}`).waitFor();

/** Since the page was opened. */
const trainedSteps = async (page: Page): Promise<number> =>
  (await page.locator('#losses').getAttribute('points'))!.split(' ').length;

/** The scores by label that the page gives for a message. */
async function classify(page: Page, message: string): Promise<Readonly<Record<string, number>>> {
  await page.getByLabel('Message', { exact: true }).fill(message);
  await page.getByRole('button', { name: 'Classify' }).click();
  await page.getByRole('listitem').first().waitFor();
  const items = await page.getByRole('listitem').allTextContents();
  return Object.fromEntries(items.map((item) => item.split(': ')).map(([label, score]) => [label!, Number(score)]));
}

/** The adapter that the page gives to the user. */
async function downloadAdapter(page: Page): Promise<Storage> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'What was trained' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('adapter.zip');
  const storage = new MemoryStorage('the downloaded adapter');
  for (const [name, bytes] of Object.entries(unzipSync(readFileSync(await download.path())))) {
    await writeFile(storage, name, bytes);
  }
  return storage;
}

/** What the adapter answers in Node, on ONNX Runtime. */
async function answerInNode(adapter: Storage, message: string): Promise<Classification> {
  const base = await sequenceClassification(nodeStorage(modelPath), { labels, maxLength: 16 });
  const { strategy, weights } = await loadLora(adapter, base.model);
  await using trainer = new Trainer({
    model: { ...base, weights: new Map([...base.weights, ...weights]) },
    train: rows([{ text: message, label: labels[0]! }]),
    strategy,
    backend: onnx(),
  });
  return trainer.predict(message);
}

describeInChromium('the page', () => {
  let uninterrupted: Uint8Array;

  it(
    'trains on a dropped file, answers, and gives an adapter that answers alike in Node',
    async () => {
      const page = await open();
      await train(page);
      await finished(page);
      expect(page.workers()).toHaveLength(1);
      expect(await trainedSteps(page)).toBe(STEPS);
      const scores = await classify(page, texts[2]!);
      expect(Object.keys(scores).toSorted()).toEqual(labels);
      const adapter = await downloadAdapter(page);
      uninterrupted = await adapter.read('adapter_model.safetensors');
      for (const { label, score } of (await answerInNode(adapter, texts[2]!)).labels) {
        expect(scores[label]).toBeCloseTo(score, 5);
      }
      await page.context().close();
    },
    3 * WAIT,
  );

  it(
    'goes on after a reload in the middle, to the same adapter, and opens without a network',
    async () => {
      const page = await open();
      await train(page);
      await page.locator('#status[data-saved]').waitFor();
      await page.reload();
      await finished(page);
      const trained = await trainedSteps(page);
      expect(trained).toBeGreaterThan(0);
      expect(trained).toBeLessThan(STEPS);
      // Checkpoints are ten steps apart.
      expect(trained % 10).toBe(0);
      const adapter = await downloadAdapter(page);
      const weights = await adapter.read('adapter_model.safetensors');
      expect(Buffer.from(weights).equals(uninterrupted)).toBe(true);

      await page.evaluate(() => navigator.serviceWorker.ready);
      await page.context().setOffline(true);
      await page.reload();
      await finished(page);
      expect(Object.keys(await classify(page, texts[0]!)).toSorted()).toEqual(labels);
      await page.context().close();
    },
    3 * WAIT,
  );
});
