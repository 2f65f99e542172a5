import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeStorage } from '@attune/hub/node';
import { referenceBackend } from '@attune/ir';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { bundleForBrowsers } from '@attune/testing/browser-bundle';
import { describeInChromium } from '@attune/testing/chromium';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runInBrowser } from './browser.js';
import type { TrainingOutput } from './place-output.js';
import { placeOf, places } from './places.js';
import { type LocalInput, pytorchRun } from './reference.js';
import { largestDifference } from './table.js';
import { train } from './training.js';

const STEPS = 2;
const BATCH = 4;
const TINY_WIDTH = 32;

let folder: string;
let tiny: LocalInput;
let expected: TrainingOutput;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'attune-anywhere-'));
  await writeTinyBert(nodeStorage(folder));
  const review = (index: number) => ({
    text: `${index % 3 ? 'the cat' : 'a dog'} is ${index % 2 ? 'very good' : 'bad'} ${index}`,
    label: index % 2 ? 'positive' : 'negative',
  });
  tiny = {
    model: folder,
    head: { weight: Array.from({ length: 2 * TINY_WIDTH }, (_, index) => Math.sin(index) / 10), bias: [0, 0] },
    train: Array.from({ length: BATCH * STEPS }, (_, index) => review(index)),
    test: Array.from({ length: BATCH }, (_, index) => review(index)),
    steps: STEPS,
    batch: BATCH,
    length: 16,
  };
  expected = await train(tiny, referenceBackend());
});
afterAll(() => rmSync(folder, { recursive: true }));

function isTheSame({ losses, accuracy }: TrainingOutput): void {
  expect(new Set(expected.losses).size).toBe(STEPS);
  expect(losses).toHaveLength(STEPS);
  expect(largestDifference(losses, expected.losses)).toBeLessThan(1e-5);
  expect(accuracy).toBe(expected.accuracy);
}

describe('the same script, on a tiny model', () => {
  it.each(places.filter(({ runtime }) => runtime === 'node'))('$name', async ({ name, backend }) => {
    const [device] = await backend().probe();
    const isRequired = (process.env.ATTUNE_REQUIRE ?? '').includes('tensorflow') && name.includes('TensorFlow');
    if (!device?.available && !isRequired) return console.warn(`${name}: not run: ${device?.reason}`);
    isTheSame(await train(tiny, backend()));
  });
});

describeInChromium('the same script, on a tiny model, in Chromium', () => {
  let script: string;
  beforeAll(async () => {
    script = await bundleForBrowsers(new URL('./page.ts', import.meta.url), [
      'onnxruntime-node',
      '@tensorflow/tfjs-node*',
    ]);
  });

  it.each(places.filter(({ runtime }) => runtime === 'browser'))('$name', async ({ name }) => {
    const { memoryBytes, ...output } = await runInBrowser(script, name, tiny);
    isTheSame(output);
    if (process.platform === 'linux') expect(memoryBytes).toBeGreaterThan(2 ** 20);
  });
});

const shared = fileURLToPath(new URL('../../../shared', import.meta.url));

it.skipIf(!process.env.CI && !existsSync(shared))('the script on MiniLM has the first losses of PyTorch', async () => {
  const { losses, input } = await pytorchRun(shared);
  const [onnx] = places;
  const { test, ...rest } = await input(2);
  const output = await train({ ...rest, test: test.slice(0, 1) }, onnx!.backend());
  expect(largestDifference(output.losses, losses)).toBeLessThan(1e-5);
});

describe('the masks of dropout are those of ONNX Runtime', () => {
  let dropped: LocalInput;
  let losses: readonly number[];
  beforeAll(async () => {
    dropped = { ...tiny, dropout: 0.1 };
    ({ losses } = await train(dropped, placeOf('Node, ONNX Runtime').backend()));
    expect(largestDifference(losses, expected.losses)).toBeGreaterThan(1e-3);
  });
  it.each(places.filter(({ runtime }) => runtime === 'node'))('$name', async ({ name, backend }) => {
    const [device] = await backend().probe();
    if (!device?.available) return console.warn(`${name}: not run: ${device?.reason}`);
    expect(largestDifference((await train(dropped, backend())).losses, losses)).toBeLessThan(1e-5);
  });
});
