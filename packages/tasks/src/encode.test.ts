/** What the command can set is set in code too, with the same defaults, and a model encodes what its task learns from. */
import { conll, rows, textSource } from '@attune/data';
import { MemoryStorage } from '@attune/hub';
import { causalLanguageModel, maskedLanguageModel, sequenceClassification, tokenClassification } from '@attune/models';
import { writeTinyAwdLstm } from '@attune/models/testing/tiny-awd-lstm';
import { tinyBert } from '@attune/models/testing/tiny-bert';
import { expect, test } from 'vitest';

const texts = rows([{ text: 'the cat sat on the mat' }, { text: 'the dog is in bonn' }]);
const sentences = conll(textSource('a.conll', 'the\tO\nunbonn\tB-loc\n'));

test('mlmProbability is set where the model is loaded, 0.15 by default', async () => {
  const directory = await tinyBert();
  const masked = async (options: { readonly mlmProbability?: number; readonly wholeWords?: boolean }) => {
    const { dataset } = await (await maskedLanguageModel(directory, options)).encode(texts);
    return dataset.fingerprint;
  };
  const byDefault = await masked({});
  expect(await masked({ mlmProbability: 0.15, wholeWords: false })).toBe(byDefault);
  expect(await masked({ mlmProbability: 0.5 })).not.toBe(byDefault);
  expect(await masked({ wholeWords: true })).not.toBe(byDefault);
});

test('labelAllTokens is set where the model is loaded, false by default', async () => {
  const directory = await tinyBert();
  const labelsOf = async (labelAllTokens?: boolean) => {
    const model = await tokenClassification(directory, { labels: ['O', 'B-loc'], labelAllTokens });
    const { examples } = await model.encode(sentences);
    return [examples[0]!.labels.labels].flat();
  };
  const tagged = (labels: readonly unknown[]) => labels.filter((label) => label === 1).length;
  expect(tagged(await labelsOf())).toBe(1);
  expect(tagged(await labelsOf(true))).toBeGreaterThan(1);
});

test('tokenizing is watched and ended', async () => {
  const model = await maskedLanguageModel(await tinyBert());
  const seen: number[][] = [];
  const many = rows(Array.from({ length: 2100 }, () => ({ text: 'the cat' })));
  await model.encode(many, { onProgress: (done, total) => seen.push([done, total]) });
  expect(seen).toEqual([
    [1000, 2100],
    [2000, 2100],
    [2100, 2100],
  ]);
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(model.encode(many, { signal })).rejects.toThrow('enough');
});

test('other kinds of examples are refused by name, before and while they are encoded', async () => {
  const model = await sequenceClassification(await tinyBert(), { labels: ['x', 'y'] });
  for (const attempt of [model.check(sentences), model.encode(sentences)]) {
    await expect(attempt).rejects.toMatchObject({
      code: 'E_CONFIG',
      file: 'a.conll',
      field: 'task',
      message: 'a.conll holds tagged sentences, which sequence-classification does not learn from.',
    });
  }
});

test('texts are one stream for a model that carries a state, in windows of 70 tokens or of maxLength', async () => {
  const directory = await writeTinyAwdLstm(new MemoryStorage());
  const many = rows(Array.from({ length: 40 }, () => ({ text: 'the cat sat on the mat' })));
  const windows = async (options: { readonly maxLength?: number }) => {
    const { dataset } = await (await causalLanguageModel(directory, options)).encode(many);
    return dataset.batches({ batchSize: 2, shuffle: { seed: 0, epoch: 0 } }).map((make) => make());
  };
  const batches = await windows({});
  expect(batches.map(({ continues }) => continues)).toEqual([false, true, true]);
  expect(batches.map(({ tensors }) => tensors.inputIds!.type.shape)).toEqual([
    [2, 70],
    [2, 70],
    [2, 19],
  ]);
  expect((await windows({ maxLength: 10 }))[0]!.tensors.labels!.type.shape).toEqual([2, 11]);
});
