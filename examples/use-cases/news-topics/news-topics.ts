/** Sorts sentences of news and encyclopaedias into seven topics, in English and in Chinese, each on the vectors of its own encoder. */
import { csv, head, rows, sequenceClassification, Trainer } from 'attune';
import { onnx } from 'attune/onnx';

export interface NewsTopicsOptions {
  /** A sentence encoder for the language. */
  readonly model: string;
  /** SIB-200 as one table: split, topic, and a column for each language. */
  readonly data: string;
  readonly language: 'en' | 'zh' | 'de' | 'fr';
  readonly epochs: number;
  /** Rows of each part; all by default. */
  readonly take?: number;
}

export async function newsTopics({ model: path, data, language, epochs, take }: NewsTopicsOptions) {
  const table = await csv(data, { text: language, label: 'topic' }, { keepColumns: true }).toArray();
  const part = (split: string) => rows(table.filter(({ columns }) => columns?.split === split).slice(0, take));
  const train = part('train');
  const model = await sequenceClassification(path, { labels: await rows(table).labels(), maxLength: 64 });
  await using trainer = new Trainer({
    model,
    train,
    evaluation: part('dev'),
    strategy: head(),
    backend: onnx(),
    numTrainEpochs: epochs,
  });
  const losses: number[] = [];
  for await (const event of trainer.train()) if (event.type === 'step') losses.push(event.loss);
  const { accuracy, macroF1 } = await trainer.evaluate(part('test'));
  return { losses, accuracy, macroF1 };
}
