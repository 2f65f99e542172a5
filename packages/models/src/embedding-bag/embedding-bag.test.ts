import { onnx } from '@attune/backend-onnx';
import { Trainer } from '@attune/core';
import { traceForward } from '@attune/core/internal';
import { encodeClassification, LabelMap, rows } from '@attune/data';
import { MemoryStorage, type WordVectors } from '@attune/hub';
import { hostTensor, interpret, tensorType } from '@attune/ir';
import { head } from '@attune/strategies';
import { describe, expect, it } from 'vitest';
import { createModel } from '../create.js';
import { loadModel } from '../load.js';
import { sequenceClassification } from '../loaders.js';
import { tinyBert, tinyVocabulary } from '../testing/tiny-bert.js';
import { saveTokenTableModel, saveWordVectorModel } from './word-vectors.js';

const vectors: WordVectors = {
  vocabulary: new Map([
    ['good', 0],
    ['bad', 1],
    ['very', 2],
    ['movie', 3],
  ]),
  vectors: hostTensor([4, 2], [1, 0, -1, 0, 0, 0.5, 0, 1]),
};

async function wordVectorModel(): Promise<MemoryStorage> {
  const target = new MemoryStorage('vectors');
  await saveWordVectorModel(target, vectors);
  return target;
}

/** An output for one text. */
async function outputOf(storage: MemoryStorage, text: string, output: string): Promise<readonly number[]> {
  const { model, weights } = await loadModel(storage, { task: 'feature-extraction' });
  const { tokenizer } = await sequenceClassification(storage, { labels: ['a', 'b'] });
  const { ids } = tokenizer.encodeText(text, undefined, 16);
  const type = tensorType([1, ids.length], 'i32');
  const { program } = traceForward({ model, batch: { inputIds: type, attentionMask: type } });
  const fields = new Map([
    ['batch/inputIds', hostTensor([1, ids.length], [...ids], 'i32')],
    [
      'batch/attentionMask',
      hostTensor(
        [1, ids.length],
        ids.map(() => 1),
        'i32',
      ),
    ],
  ]);
  const results = interpret(
    program,
    program.inputs.map(({ name }) => fields.get(name) ?? weights.get(name)!),
  );
  return Array.from(results[program.outputs.findIndex(({ name }) => name === output)]!.data);
}

describe('word vectors as features', () => {
  it('a text is the mean of the vectors of the words that have one', async () => {
    const storage = await wordVectorModel();
    expect(await outputOf(storage, 'A very GOOD movie!', 'meanPooled')).toEqual([
      expect.closeTo(1 / 3),
      expect.closeTo(0.5),
    ]);
    expect(await outputOf(storage, 'nothing known', 'meanPooled')).toEqual([0, 0]);
  });

  it('a classifier learns on them, is saved, and answers after loading', async () => {
    const labels = ['negative', 'positive'];
    const model = await sequenceClassification(await wordVectorModel(), { labels, maxLength: 16 });
    expect(model.created).toEqual(['classifier.weight', 'classifier.bias']);
    const texts = rows([
      { text: 'good movie', label: 'positive' },
      { text: 'very good', label: 'positive' },
      { text: 'bad movie', label: 'negative' },
      { text: 'very bad', label: 'negative' },
    ]);
    const { dataset } = await encodeClassification(texts, model.tokenizer, new LabelMap(labels), { maxLength: 16 });
    await using trainer = new Trainer({
      model,
      train: dataset,
      strategy: head(),
      backend: onnx({ threads: 1 }),
      learningRate: 0.1,
      numTrainEpochs: 30,
      perDeviceTrainBatchSize: 4,
    });
    for await (const _ of trainer.train());
    expect(await trainer.predict('a good good movie')).toMatchObject({ label: 'positive' });
    const target = new MemoryStorage();
    await trainer.save(target);
    expect((await loadModel(target, { task: 'sequence-classification' })).labels).toEqual(labels);
  });

  it('has no layers for other tasks', async () => {
    await expect(loadModel(await wordVectorModel(), { task: 'question-answering' })).rejects.toMatchObject({
      code: 'E_MODEL_UNSUPPORTED',
      field: 'task',
    });
  });
});

it('the token table of an encoder is such a model too', async () => {
  const encoder = await tinyBert();
  const target = new MemoryStorage('table');
  await saveTokenTableModel(target, encoder);
  const { weights } = await loadModel(encoder, { task: 'feature-extraction' });
  const table = weights.get('embeddings.word_embeddings.weight')!;
  const width = table.type.shape[1]!;
  const row = (word: string) =>
    Array.from(table.data.subarray(tinyVocabulary[word]! * width, (tinyVocabulary[word]! + 1) * width));
  const [cat, dog] = [row('cat'), row('dog')];
  expect(await outputOf(target, 'cat dog', 'meanPooled')).toEqual(
    cat.map((value, index) => expect.closeTo((value + dog[index]!) / 2, 5)),
  );
});

it('begins anew from its configuration', async () => {
  const config = { model_type: 'embedding-bag', vocab_size: 10, hidden_size: 4 };
  const created = await createModel(config, { task: 'token-classification', labels: ['O', 'B-x'] });
  expect([...created.weights.keys()]).toEqual([
    'embeddings.word_embeddings.weight',
    'classifier.weight',
    'classifier.bias',
  ]);
});
