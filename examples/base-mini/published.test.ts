import { fileURLToPath } from 'node:url';
import { onnx } from '@attune/backend-onnx';
import { baseMini } from '@attune/base-mini';
import { Predictor } from '@attune/core';
import { encodeTexts, rows } from '@attune/data';
import { loadTokenizer } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { useLoadCheck } from '@attune/hub/testing/load-check';
import { skipsPython } from '@attune/hub/testing/python';
import { loadModel } from '@attune/models';
import { expect, it } from 'vitest';

const loadCheck = useLoadCheck();
const directory = fileURLToPath(baseMini);

async function embeddings(texts: readonly string[]): Promise<readonly Float32Array[]> {
  const files = nodeStorage(directory);
  const model = await loadModel(files, { task: 'feature-extraction' });
  await using predictor = await Predictor.open(model, { backend: onnx({ threads: 1 }) });
  const source = rows(texts.map((text) => ({ text })));
  const { dataset } = await encodeTexts(source, await loadTokenizer(files), { maxLength: 128 });
  return await predictor.outputs(dataset, 'normalized');
}

const cosine = (one: Float32Array, other: Float32Array): number =>
  one.reduce((sum, value, index) => sum + value * other[index]!, 0);

it('the base has texts of one meaning near each other', async () => {
  const [ask, same, other] = await embeddings([
    'My card has not arrived yet.',
    'When will I get my new credit card?',
    'The orchestra played a symphony by Mahler.',
  ]);
  expect(cosine(ask!, same!)).toBeGreaterThan(cosine(ask!, other!) + 0.3);
});

it.skipIf(skipsPython)(
  'transformers loads the base, every tensor of it, and gives the same embeddings',
  async () => {
    const text = 'Unbelievably good: the café’s 2nd location re-opened at 7 p.m., and everybody queued for croissants!';
    const { logits } = await loadCheck({ model: directory, task: 'encoder', text });
    const [states] = logits as readonly (readonly (readonly number[])[])[];
    const mean = states![0]!.map(
      (_, column) => states!.reduce((sum, state) => sum + state[column]!, 0) / states!.length,
    );
    const length = Math.hypot(...mean);
    const [own] = await embeddings([text]);
    const largest = Math.max(...mean.map((value, index) => Math.abs(value / length - own![index]!)));
    expect(largest).toBeLessThan(1e-3);
  },
  120_000,
);
