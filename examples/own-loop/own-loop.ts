/** A training loop of one's own: in each epoch the batches with the largest losses are seen again. */
import { onnx } from '@attune/backend-onnx';
import { Learner } from '@attune/core';
import { csv } from '@attune/data';
import { nodeStorage } from '@attune/hub/node';
import { sequenceClassification } from '@attune/models';
import { full } from '@attune/strategies';

export interface OwnLoopOptions {
  readonly model: string;
  /** A CSV with the columns `text` and `intent`. */
  readonly train: string;
  readonly epochs: number;
  readonly output: string;
}

export async function ownLoop({ model: path, train, epochs, output }: OwnLoopOptions): Promise<readonly number[]> {
  const source = csv(train, { text: 'text', label: 'intent' });
  const model = await sequenceClassification(path, { labels: await source.labels() });
  const { dataset } = await model.encode(source);
  const steps = 1.25 * epochs * dataset.batches({ batchSize: 16 }).length;
  await using learner = await Learner.open({ model, strategy: full(), backend: onnx(), steps: Math.ceil(steps) });
  const means: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const losses = [];
    for (const make of dataset.batches({ batchSize: 16, shuffle: { seed: 0, epoch } })) {
      const batch = make();
      losses.push({ batch, loss: (await learner.step([batch])).loss });
    }
    means.push(losses.reduce((sum, { loss }) => sum + loss, 0) / losses.length);
    const hardest = losses.sort((one, other) => other.loss - one.loss).slice(0, losses.length / 4);
    for (const { batch } of hardest) await learner.step([batch]);
  }
  await model.save(nodeStorage(output), await learner.weights());
  return means;
}
