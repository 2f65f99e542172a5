/** Teaches a sentence encoder to find the answer to a medical question among answers that look alike. */
import { full, jsonl, MemoryStorage, openModel, rows, sentenceSimilarity, Trainer } from 'attune';
import { onnx } from 'attune/onnx';

export interface SemanticSearchOptions {
  readonly model: string;
  /** JSON Lines with `question` and `answer`. */
  readonly train: string;
  readonly test: string;
  readonly epochs: number;
  /** Rows of each part; all by default. */
  readonly take?: number;
}

interface Pair {
  readonly text: string;
  readonly answer: string;
}

export async function semanticSearch({ model: path, train, test, epochs, take }: SemanticSearchOptions) {
  const open = async (file: string): Promise<readonly Pair[]> =>
    (await jsonl(file, { text: 'question', textPair: 'answer' }).toArray())
      .slice(0, take)
      .map(({ text, textPair = '' }) => ({ text, answer: textPair }));
  const [pairs, questions] = [await open(train), await open(test)];
  const before = await ranksIn(path, questions);
  const wrong = await hardNegatives(path, pairs);
  const model = await sentenceSimilarity(path, { objective: 'multiple-negatives-ranking', maxLength: MAX_LENGTH });
  await using trainer = new Trainer({
    model,
    train: rows(pairs.map(({ text, answer }, index) => ({ text, textPair: answer, negatives: [wrong[index] ?? ''] }))),
    strategy: full(),
    backend: onnx(),
    learningRate: 2e-5,
    numTrainEpochs: epochs,
    perDeviceTrainBatchSize: 16,
    evalStrategy: 'no',
    holdOutShare: 0,
  });
  for await (const _ of trainer.train());
  const tuned = new MemoryStorage('tuned');
  await trainer.save(tuned);
  return { before, after: await ranksIn(tuned, questions) };
}

const MAX_LENGTH = 96;

type Directory = Parameters<typeof openModel>[0];

/** Vectors of the questions and of their answers. */
async function vectorsOf(directory: Directory, pairs: readonly Pair[]) {
  await using model = await openModel(directory, { backend: onnx(), maxLength: MAX_LENGTH });
  const questions = await model.embed(pairs.map(({ text }) => text));
  return { questions, answers: await model.embed(pairs.map(({ answer }) => answer)) };
}

/** For each question, the answer to another that the encoder takes for the best. */
async function hardNegatives(directory: Directory, pairs: readonly Pair[]): Promise<readonly string[]> {
  const { questions, answers } = await vectorsOf(directory, pairs);
  return questions.map((question, own) => {
    const others = answers.map((answer, index) => (index === own ? Number.NEGATIVE_INFINITY : dot(question, answer)));
    return pairs[others.indexOf(Math.max(...others))]?.answer ?? '';
  });
}

/** How often a question's own answer comes first, and the mean of one over its place. */
async function ranksIn(directory: Directory, pairs: readonly Pair[]) {
  const { questions, answers } = await vectorsOf(directory, pairs);
  const places = questions.map((question, own) => {
    const scores = answers.map((answer) => dot(question, answer));
    return 1 + scores.filter((score) => score > scores[own]!).length;
  });
  const share = (count: number) => count / places.length;
  return {
    first: share(places.filter((place) => place === 1).length),
    meanReciprocalRank: share(places.reduce((sum, place) => sum + 1 / place, 0)),
  };
}

/** Vectors come at unit length. */
const dot = (one: Float32Array, other: Float32Array): number =>
  one.reduce((sum, value, index) => sum + value * other[index]!, 0);
