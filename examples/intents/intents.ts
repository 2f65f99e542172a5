/** Fine-tunes a sentence encoder to route bank customers' messages (Banking77), with LoRA. */
import { onnx } from '@attune/backend-onnx';
import { argmaxOf, classificationEvaluator, sequenceClassification, Trainer } from '@attune/core';
import { csv, encodeClassification, encodeTexts, LabelMap, rows } from '@attune/data';
import { loadTokenizer } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { loadModel } from '@attune/models';
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

  const directory = nodeStorage(path);
  const tokenizer = await loadTokenizer(directory);
  const map = new LabelMap(labels);
  const training = await encodeClassification(texts, tokenizer, map, { maxLength: 64 });
  const testing = await encodeClassification(questions, tokenizer, map, { maxLength: 64 });

  await using trainer = new Trainer({
    model: await loadModel(directory, { task: 'sequence-classification', labels }),
    objective: sequenceClassification({ classes: labels.length }),
    train: training.dataset,
    evaluator: () => classificationEvaluator(labels),
    strategy: lora({ r: 8, alpha: 16 }),
    backend: onnx(),
    learningRate: 2e-3,
    numTrainEpochs: epochs,
    perDeviceTrainBatchSize: 32,
    seed: 0,
  });
  const losses: number[] = [];
  for await (const event of trainer.train()) {
    if (event.type === 'step') losses.push(event.loss);
  }
  const metrics = await trainer.evaluate(testing.dataset);
  const message = await encodeTexts(rows([{ text: 'I lost my card' }]), tokenizer, { maxLength: 64 });
  const [logits] = await trainer.predict(message.dataset);
  return { losses, metrics, answer: labels[argmaxOf(logits!)]! };
}
