import { onnx } from '@attune/backend-onnx';
import { rows } from '@attune/data';
import { MemoryStorage } from '@attune/hub';
import { openModel } from '@attune/inference';
import { tinyBert } from '@attune/models/testing/tiny-bert';
import { describe, expect, it } from 'vitest';
import { methodNamed } from '../methods.js';
import { contrastivePairs, type PairOptions } from './contrastive-pairs.js';
import { trainSetFit } from './set-fit.js';

const words = { good: ['good cat', 'very good', 'good mat'], bad: ['bad dog', 'very bad'] };
const examples = Object.entries(words)
  .flatMap(([label, texts]) => texts.map((text) => ({ text, label })))
  .map((each, index) => ({ ...each, row: index + 1 }));

describe('contrastive pairs', () => {
  const counts = (options: Partial<PairOptions>) => {
    const pairs = contrastivePairs(examples, { samplingStrategy: 'unique', seed: 3, ...options });
    const same = pairs.filter(({ score }) => score === 1).length;
    return [same, pairs.length - same];
  };

  // setfit.sampler.ContrastiveDataset gives these for 3 and 2 texts of a class: 6 + 3 pairs of one class, 3 * 2 of two.
  it.each([
    ['unique', undefined, [9, 6]],
    ['undersampling', undefined, [6, 6]],
    ['oversampling', undefined, [9, 9]],
    ['unique', 4, [20, 20]],
  ] as const)('are as many as setfit draws: %s, %s iterations', (samplingStrategy, numIterations, expected) => {
    expect(counts({ samplingStrategy, numIterations })).toEqual(expected);
  });

  it('come in turn, each with its own score, in an order of the seed', () => {
    const draw = (seed: number) => contrastivePairs(examples, { samplingStrategy: 'oversampling', seed });
    const labelOf = (text: string) => examples.find((each) => each.text === text)?.label;
    for (const [index, { text, textPair, score }] of draw(0).entries()) {
      expect(score).toBe(labelOf(text) === labelOf(textPair) ? 1 : 0);
      expect(score).toBe(index % 2 === 0 ? 1 : 0);
    }
    const texts = (seed: number) => draw(seed).map(({ text, textPair }) => `${text}/${textPair}`);
    expect(texts(0)).toEqual(texts(0));
    expect(texts(1)).not.toEqual(texts(0));
    expect(new Set(texts(0)).size).toBe(15);
  });

  it('refuse one class and too many texts', () => {
    const one = examples.map((each) => ({ ...each, label: 'good' }));
    const options = { samplingStrategy: 'unique', seed: 0 } as const;
    expect(() => contrastivePairs(one, options)).toThrow(expect.objectContaining({ code: 'E_DATA_LABELS' }));
    const many = Array.from({ length: 2001 }, () => ({ text: 'good', label: 'good' }));
    expect(() => contrastivePairs(many, options)).toThrow(expect.objectContaining({ code: 'E_DATA_LIMIT' }));
  });
});

describe('SetFit', () => {
  it('ends with a directory that openModel opens and that answers as the trainer does', async () => {
    const request = { model: await tinyBert(), examples, labels: ['bad', 'good'], backend: onnx(), maxLength: 16 };
    const training = { learningRate: 1e-3, perDeviceTrainBatchSize: 8 };
    const trainer = await trainSetFit({ ...request, options: { numIterations: 4, C: 100 }, training });
    if (!trainer) throw new Error('Training ended early.');
    await using classifier = trainer;
    const target = new MemoryStorage('classifier');
    await classifier.save(target);
    await using opened = await openModel(target, { task: 'sequence-classification', backend: onnx() });
    const texts = examples.map(({ text }) => text);
    const answers = await opened.predict(texts);
    expect(answers.map(({ label }) => label)).toEqual(examples.map(({ label }) => label));
    const own = await Promise.all(texts.map((text) => classifier.predict(text)));
    for (const [index, { score }] of own.entries()) expect(answers[index]?.score).toBeCloseTo(score, 5);
    expect(await classifier.evaluate(rows(examples))).toMatchObject({ accuracy: 1 });
  });

  it('is a method of comparisons, and refuses pairs of texts and unknown options', async () => {
    expect(methodNamed('setfit').needsModel).toBe(true);
    const request = { model: await tinyBert(), examples, labels: ['bad', 'good'], backend: onnx() };
    await expect(trainSetFit({ ...request, options: { iterations: 1 } as object })).rejects.toMatchObject({
      code: 'E_CONFIG',
    });
    const paired = examples.map((each) => ({ ...each, textPair: 'cat' }));
    await expect(trainSetFit({ ...request, examples: paired })).rejects.toMatchObject({ code: 'E_DATA' });
  });
});
