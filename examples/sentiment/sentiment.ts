/** Fine-tunes all parameters of a sentence encoder to tell good reviews from bad ones (SST-2). */
import { onnx } from '@attune/backend-onnx';
import { classificationEvaluator, sequenceClassification, Trainer } from '@attune/core';
import { csv, encodeClassification, LabelMap, rows } from '@attune/data';
import { loadTokenizer } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { loadModel } from '@attune/models';
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
  const labels = ['0', '1'];
  const directory = nodeStorage(path);
  const tokenizer = await loadTokenizer(directory);
  const encode = async (file: string) =>
    (await encodeClassification(await open(file), tokenizer, new LabelMap(labels), { maxLength: 64 })).dataset;

  await using trainer = new Trainer({
    model: await loadModel(directory, { task: 'sequence-classification', labels }),
    objective: sequenceClassification({ classes: 2 }),
    train: await encode(train),
    evaluation: await encode(test),
    evaluator: () => classificationEvaluator(labels),
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
