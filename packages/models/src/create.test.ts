import { inputNamesOf } from '@attune/core';
import { traceForward } from '@attune/core/internal';
import { inMemory, MemoryStorage, writeWeights } from '@attune/hub';
import { type HostTensor, hostTensor, interpret } from '@attune/ir';
import { describe, expect, it } from 'vitest';
import { type CreateOptions, createModel } from './create.js';
import { loadModel } from './load.js';
import { tinyBert } from './testing/tiny-bert.js';

const config = {
  model_type: 'bert',
  vocab_size: 200,
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 64,
  max_position_embeddings: 16,
};

const deviation = (values: ArrayLike<number>): number =>
  Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0) / values.length);

/** Two rows of three tokens, and two positions of each. */
const positions = [2, 0, 1, 2];
const fields: Readonly<Record<string, HostTensor>> = {
  inputIds: hostTensor([2, 3], [5, 6, 7, 8, 9, 10], 'i32'),
  attentionMask: hostTensor([2, 3], [1, 1, 1, 1, 1, 1], 'i32'),
  tokenTypeIds: hostTensor([2, 3], [0, 0, 0, 0, 0, 0], 'i32'),
  predictionPositions: hostTensor([2, 2], positions, 'i32'),
};

async function logitsOf(options: CreateOptions): Promise<readonly number[]> {
  const { model, weights } = await createModel(config, options);
  const batch = Object.fromEntries(inputNamesOf(model).map((name) => [name, fields[name]!.type]));
  const { program } = traceForward({ model, batch });
  const inputs = program.inputs.map(({ name }) => weights.get(name) ?? fields[name.slice('batch/'.length)]!);
  return Array.from(interpret(program, inputs)[0]!.data);
}

describe('a BERT from its configuration alone', () => {
  it("begins as transformers' BertModel does", async () => {
    const options = { task: 'sequence-classification', labels: ['a', 'b'] };
    const { weights, created, labels } = await createModel(config, options);
    expect(labels).toEqual(['a', 'b']);
    expect(created).toEqual([...weights.keys()]);
    for (const [name, { data }] of weights) {
      if (name.endsWith('LayerNorm.weight')) expect(new Set(data), name).toEqual(new Set([1]));
      else if (name.endsWith('.bias')) expect(new Set(data), name).toEqual(new Set([0]));
      else expect(deviation(data) / 0.02, name).toBeCloseTo(1, data.length < 500 ? 0 : 1);
    }
  });

  it('has no labels for a task without classes, whatever the configuration names', async () => {
    const named = { ...config, id2label: { 0: 'a', 1: 'b' } };
    const { labels, problemType } = await createModel(named, { task: 'question-answering' });
    expect([labels, problemType]).toEqual([[], undefined]);
  });

  it('is a function of the seed and nothing else', async () => {
    const of = async (seed: number) => (await createModel(config, { task: 'feature-extraction', seed })).weights;
    const words = 'embeddings.word_embeddings.weight';
    expect(await of(3)).toEqual(await of(3));
    expect((await of(3)).get(words)).not.toEqual((await of(4)).get(words));
  });

  it('is saved and loaded again with its tokenizer', async () => {
    const model = await createModel(config, { task: 'feature-extraction', tokenizer: await tinyBert() });
    const target = new MemoryStorage();
    await model.save(target);
    expect(await target.exists('tokenizer.json')).toBe(true);
    const loaded = await loadModel(target, { task: 'feature-extraction' });
    expect(loaded.weights).toEqual(model.weights);
    expect(loaded.created).toEqual([]);
  });

  it.each([
    [{ ...config, model_type: 'gpt' }, 'E_MODEL_UNSUPPORTED'],
    [{ ...config, hidden_size: 33 }, 'E_CONFIG'],
  ])('refuses %j', async (wrong, code) => {
    await expect(createModel(wrong, { task: 'feature-extraction' })).rejects.toMatchObject({ code });
  });

  it('scores only the positions of a masked language model that a batch names', async () => {
    const options = { task: 'masked-language-modeling', predictAtPositions: true } as const;
    expect(inputNamesOf((await createModel(config, options)).model)).toContain('predictionPositions');
    await expect(createModel(config, { ...options, task: 'feature-extraction' })).rejects.toThrow(/predictAtPositions/);
    const [few, all] = [await logitsOf(options), await logitsOf({ ...options, predictAtPositions: false })];
    const { vocab_size: width } = config;
    for (const [row, position] of positions.entries()) {
      const token = Math.floor(row / 2) * 3 + position;
      expect(few.slice(row * width, (row + 1) * width)).toEqual(all.slice(token * width, (token + 1) * width));
    }
  });
});

it('files are refused where they lack a tensor, although it could begin anew', async () => {
  const model = await createModel(config, { task: 'feature-extraction' });
  const target = new MemoryStorage();
  await model.save(target);
  const lacking = new Map([...model.weights].filter(([name]) => !name.includes('layer.1.output.dense.weight')));
  await writeWeights(target, inMemory(lacking));
  await expect(loadModel(target, { task: 'feature-extraction' })).rejects.toMatchObject({ code: 'E_WEIGHTS_MISMATCH' });
});
