/** Fine-tunes a sentence encoder to route bank customers' messages (Banking77), with LoRA. */
import { onnx } from '@attune/backend-onnx';
import { Trainer } from '@attune/core';
import { csv, rows } from '@attune/data';
import { sequenceClassification } from '@attune/models';
import { lora } from '@attune/strategies';

export interface IntentsOptions {
  readonly model: string;
  readonly train: string;
  readonly test: string;
  readonly epochs: number;
  /** Rows of the training data; all where absent. */
  readonly take?: number;
}

/** Trains, measures, and answers one message. */
export async function intents({ model: path, train, test, epochs, take }: IntentsOptions) {
  const columns = { text: 'text', label: 'category' };
  const texts = take === undefined ? csv(train, columns) : rows(await csv(train, columns).take(take).toArray());
  const labels = await texts.labels();
  const known = new Set(labels);
  const questions = rows(
    (await csv(test, columns).toArray()).filter(({ label }) => label !== undefined && known.has(label)),
  );

  const model = await sequenceClassification(path, { labels, maxLength: 64 });
  await using trainer = new Trainer({
    model,
    train: texts,
    strategy: lora({ r: 8, alpha: 16 }),
    backend: onnx(),
    learningRate: 2e-3,
    numTrainEpochs: epochs,
    perDeviceTrainBatchSize: 32,
    evalStrategy: 'no',
    seed: 0,
  });
  const losses: number[] = [];
  for await (const event of trainer.train()) {
    if (event.type === 'step') losses.push(event.loss);
  }
  const metrics = await trainer.evaluate(questions);
  const { label } = await trainer.predict('I lost my card');
  return { losses, metrics, answer: label };
}
