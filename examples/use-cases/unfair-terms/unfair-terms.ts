/** Finds unfair clauses in terms of service; most clauses are fair, and some kinds of unfair ones are rare. */
import { csv, head, rows, sequenceClassification, Trainer } from 'attune';
import { onnx } from 'attune/onnx';

export interface UnfairTermsOptions {
  readonly model: string;
  /** The folder of the clauses: train.csv and test.csv with `text` and `label`. */
  readonly data: string;
  /** What the recipe chooses by default. */
  readonly epochs?: number;
  /** Every so many clauses of each part; all by default. */
  readonly every?: number;
}

export async function unfairTerms({ model: path, data, epochs, every = 1 }: UnfairTermsOptions) {
  const clausesOf = (name: string) => csv(`${data}/${name}.csv`, { text: 'text', label: 'label' });
  const part = async (name: string) =>
    rows((await clausesOf(name).toArray()).filter((_, index) => index % every === 0));
  const [train, test] = [await part('train'), await part('test')];
  const model = await sequenceClassification(path, { labels: await clausesOf('train').labels(), maxLength: 128 });
  // The classes are so uneven that the recipe weights them.
  await using trainer = new Trainer({
    ...{ model, train, strategy: head(), backend: onnx() },
    ...(epochs === undefined ? {} : { numTrainEpochs: epochs }),
  });
  let weights: unknown;
  for await (const event of trainer.train()) if (event.type === 'recipe') weights = event.arguments.classWeights;
  const { accuracy, macroF1 } = await trainer.evaluate(test);
  return { accuracy, macroF1, weights };
}
