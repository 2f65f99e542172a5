/** Tells what kind of question a medical answer belongs to, so that a clinic can file its texts without sending them anywhere. */
import { head, jsonl, rows, sequenceClassification, Trainer } from 'attune';
import { onnx } from 'attune/onnx';

export interface MedicalAnswersOptions {
  readonly model: string;
  /** The folder of MedQuAD's answers: train.jsonl and test.jsonl with `answer` and `type`. */
  readonly data: string;
  /** What the recipe chooses by default. */
  readonly epochs?: number;
  /** Rows of each part; all by default. */
  readonly take?: number;
}

export async function medicalAnswers({ model: path, data, epochs, take }: MedicalAnswersOptions) {
  // The question gives its type away: "How many people are affected by …" asks for frequency.
  const answersOf = (name: string) => jsonl(`${data}/${name}.jsonl`, { text: 'answer', label: 'type' });
  const part = async (name: string) => rows((await answersOf(name).toArray()).slice(0, take));
  const [train, test] = [await part('train'), await part('test')];
  const model = await sequenceClassification(path, { labels: await answersOf('train').labels(), maxLength: 128 });
  await using trainer = new Trainer({
    ...{ model, train, strategy: head(), backend: onnx() },
    ...(epochs === undefined ? {} : { numTrainEpochs: epochs }),
  });
  for await (const _ of trainer.train());
  const { accuracy, macroF1 } = await trainer.evaluate(test);
  const answer = await trainer.predict('Surgery and radiation are used to remove the tumor.');
  return { accuracy, macroF1, answer: answer.label };
}
