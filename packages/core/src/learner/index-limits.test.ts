/** Audit F10, T28: indices beyond a table are refused in the same way whatever the backend and the way in. */
import { onnx } from '@attune/backend-onnx';
import { MemoryStorage } from '@attune/hub';
import { hostTensor, referenceBackend } from '@attune/ir';
import { sequenceClassification } from '@attune/models';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { full } from '@attune/strategies';
import { describe, expect, test } from 'vitest';
import { tinyDataset, tinyExamples, tinyHead } from '../trainer/testing/tiny.js';
import { collect, tinyTrainer } from '../trainer/testing/tiny-trainer.js';
import { Learner } from './learner.js';

const backends = { onnx: onnx({ threads: 1 }), reference: referenceBackend() };

/** A table of 16 rows is asked for this one. */
const dataset = (id: number) => tinyDataset([...tinyExamples(5), { ids: [1, 2, 3, id], label: 0 }]);

describe.each(Object.entries(backends))('audit F10, T28 backend-parity: ids that are none, on %s', (_, backend) => {
  const options = { backend, maxSteps: 2, evalStrategy: 'no', saveStrategy: 'no' } as const;

  test.each([-1, 16, 2 ** 31 - 1])('%i', async (id) => {
    const told = {
      code: 'E_DATA',
      field: 'batch/inputIds',
      message: expect.stringMatching(
        new RegExp(
          `^batch/inputIds is ${id} in row \\d of its batch, at position 3; the model's table has rows 0 to 15`,
        ),
      ),
    };
    await using trainer = tinyTrainer(undefined, { ...options, train: dataset(id) });
    await expect(collect(trainer)).rejects.toMatchObject(told);
    await using whole = tinyTrainer(undefined, { ...options, train: dataset(15) });
    await collect(whole);
    await expect(whole.evaluate(dataset(id))).rejects.toMatchObject(told);
    await expect(whole.predict(dataset(id))).rejects.toMatchObject(told);
    // What is frozen is computed apart, for all examples of a batch of the first epoch.
    await using head = tinyTrainer(undefined, { ...options, train: dataset(id), strategy: tinyHead, maxSteps: 20 });
    await expect(collect(head)).rejects.toMatchObject(told);
  });

  test('token ids and type ids of BERT, each by its own table', async () => {
    const model = await sequenceClassification(await writeTinyBert(new MemoryStorage()), { labels: ['a', 'b'] });
    await using learner = await Learner.open({ model, strategy: full(), backend });
    const outputs = (inputId: number, typeId: number) => {
      const field = (value: number) => hostTensor([1, 2], Int32Array.of(1, value), 'i32');
      return learner.outputs({ inputIds: field(inputId), attentionMask: field(1), tokenTypeIds: field(typeId) });
    };
    await outputs(2, 1);
    for (const [bad, name] of [
      [outputs(-1, 0), 'inputIds'],
      [outputs(2 ** 20, 0), 'inputIds'],
      [outputs(2, 2), 'tokenTypeIds'],
      [outputs(2, -1), 'tokenTypeIds'],
    ] as const) {
      await expect(bad).rejects.toMatchObject({ code: 'E_DATA', field: `batch/${name}` });
    }
  });
});
