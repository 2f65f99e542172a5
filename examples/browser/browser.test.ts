/** The built pages in Chromium: from a dropped file to an adapter that Node loads, over a reload, and without a network. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onnx } from '@attune/backend-onnx';
import { baseMini } from '@attune/base-mini';
import { type Strategy, Trainer } from '@attune/core';
import { rows } from '@attune/data';
import type { Storage } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { openModel } from '@attune/inference';
import { type SequenceClassifier, sequenceClassification } from '@attune/models';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { writeTinyLlama } from '@attune/models/testing/tiny-llama';
import { full, loadAdapter } from '@attune/strategies';
import { attuneSources } from '@attune/testing/attune-sources';
import { describeInChromium } from '@attune/testing/chromium';
import { softwareFlags } from '@attune/testing/chromium-flags';
import { launchChromium } from '@attune/testing/chromium-page';
import type { Browser, Page } from 'playwright-core';
import { build, type PreviewServer, preview } from 'vite';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { workerSourceForVite } from '../../scripts/worker-source.mjs';
import { classify, download, press, reaches, says, train, trainedSteps } from './intents-driver.js';
import { policy } from './security-policy.js';

const sources = [attuneSources, workerSourceForVite];
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
    plugins: sources,
    worker: { plugins: () => sources },
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

async function open(name = ''): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(WAIT);
  page.on('console', (message) => {
    if (/content security policy/i.test(message.text())) refused.push(message.text());
  });
  await page.goto(new URL(name, address()).href);
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

describeInChromium('the page of intents', () => {
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

describeInChromium('the pages that write', () => {
  afterEach(() => expect(refused.splice(0)).toEqual([]));

  it(
    'learn to write from nothing, and give a model that Node opens',
    async () => {
      const page = await open('characters.html');
      await page.getByLabel('Choose a text').setInputFiles(at('text.txt', 'to be or not to be, '.repeat(300)));
      await page.getByText('Settings').click();
      await page.getByLabel('Computes on').selectOption('webgpu');
      await page.getByLabel('Layers').fill('1');
      await page.getByLabel('Width').fill('32');
      await page.getByLabel('Steps', { exact: true }).fill('2');
      await press(page, 'Train');
      await says(page, 'Finished after step 2. Perplexity');
      expect(await trainedSteps(page)).toBe(2);
      expect(await page.locator('#sample').textContent()).not.toBe('');
      const model = await download(page, 'Model');
      await press(page, 'Write');
      await page.waitForFunction(() => (document.getElementById('written')?.textContent?.length ?? 0) > 10);
      await press(page, 'Stop');
      await page.getByRole('button', { name: 'Write', disabled: false }).waitFor();
      expect(await page.locator('#written').textContent()).toMatch(/^ROMEO:./);
      await using opened = await openModel(model, { backend: onnx(), task: 'causal-language-modeling' });
      expect(opened.warnings).toEqual([]);
      const { tokenizer } = await opened.reader();
      expect((await tokenizer.encode(['to be']))[0]!.ids).toEqual([...new TextEncoder().encode('to be')]);
      await page.context().close();
    },
    3 * WAIT,
  );

  it(
    'teach a chat model on WebGPU, which is there after a reload, and answers as in Node',
    async () => {
      const page = await open('chat.html');
      const names = [
        'config.json',
        'model.safetensors',
        'tokenizer.json',
        'tokenizer_config.json',
        'chat_template.jinja',
      ];
      const base = await writeTinyLlama(nodeStorage(join(directory, 'writer')));
      at('writer/chat_template.jinja', template);
      await page.getByLabel('Computes on').selectOption('webgpu');
      await page.getByLabel('Choose the files').setInputFiles(names.map((name) => join(directory, 'writer', name)));
      await says(page, 'The model is open.');
      await page.getByLabel('Choose conversations').setInputFiles(at('wrong.jsonl', '{"a": 1}\n'));
      await press(page, 'Train');
      await says(page, 'wrong.jsonl');
      const told = { role: 'user', content: 'where is the cat' };
      const talk = { messages: [told, { role: 'assistant', content: 'the cat is in bonn' }] };
      await page
        .getByLabel('Choose conversations')
        .setInputFiles(at('talks.jsonl', `${JSON.stringify(talk)}\n`.repeat(4)));
      await page.getByText('Settings').click();
      await page.getByLabel('Epochs').fill('4');
      await page.getByLabel('Learning rate').fill('0.05');
      await press(page, 'Train');
      await says(page, 'What it learned is in use.');
      await page.reload();
      await says(page, 'What it learned is in use.');
      const answer = await say(page, told.content);
      const adapter = await download(page, 'Adapter');
      await using opened = await openModel(adapter, { backend: onnx(), base, task: 'causal-language-modeling' });
      using chat = await opened.chat({ maxNewTokens: 200 });
      expect(answer).toBe(await textOf(chat.answer(told.content)));
      await page.getByLabel('with what it learned').uncheck();
      await says(page, 'The model is open.');
      expect(await say(page, told.content)).not.toBe(answer);
      await page.context().close();
    },
    3 * WAIT,
  );
});

const template = '{% for message in messages %}{{ message.role }} {{ message.content }} [SEP] {% endfor %}';

/** A file of this content. @returns its path */
function at(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

async function textOf(pieces: AsyncIterable<{ readonly piece: string }>): Promise<string> {
  let text = '';
  for await (const { piece } of pieces) text += piece;
  return text;
}

/** What the model on the page answers. */
async function say(page: Page, message: string): Promise<string> {
  await page.getByLabel('Message', { exact: true }).fill(message);
  await press(page, 'Say');
  await page.locator('#say:enabled').waitFor();
  return (await page.locator('#turns .model').last().textContent()) ?? '';
}
