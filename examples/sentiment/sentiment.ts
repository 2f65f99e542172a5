/** Fine-tunes all parameters of a sentence encoder to tell good reviews from bad ones (SST-2). */
import { onnx } from '@attune/backend-onnx';
import { Trainer } from '@attune/core';
import { csv, rows } from '@attune/data';
import { sequenceClassification } from '@attune/models';
import { full } from '@attune/strategies';

export interface SentimentOptions {
  readonly model: string;
  /** Tab-separated without a header: text, then 0 or 1. */
  readonly train: string;
  readonly test: string;
  readonly epochs: number;
  /** Rows of each file; all where absent. */
  readonly take?: number;
}

export async function sentiment({ model: path, train, test, epochs, take }: SentimentOptions) {
  const open = async (file: string) => {
    const reviews = csv(file, { text: '1', label: '2' }, { header: false });
    return take === undefined ? reviews : rows(await reviews.take(take).toArray());
  };
  const model = await sequenceClassification(path, { labels: ['0', '1'], maxLength: 64 });
  await using trainer = new Trainer({
    model,
    train: await open(train),
    evaluation: await open(test),
    strategy: full(),
    backend: onnx(),
    learningRate: 5e-5,
    numTrainEpochs: epochs,
    perDeviceTrainBatchSize: 32,
    seed: 0,
  });
  const evaluations: Readonly<Record<string, number>>[] = [];
  for await (const event of trainer.train()) {
    if (event.type === 'evaluation') evaluations.push(event.metrics);
  }
  return evaluations;
}
