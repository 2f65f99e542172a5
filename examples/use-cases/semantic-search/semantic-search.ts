/** Teaches a sentence encoder to find the answer to a medical question among answers that look alike. */
import { full, jsonl, MemoryStorage, openModel, rows, sentenceSimilarity, Trainer } from 'attune';
import { onnx } from 'attune/onnx';

export interface SemanticSearchOptions {
  readonly model: string;
  /** JSON Lines with `question` and `answer`. */
  readonly train: string;
  readonly test: string;
  readonly epochs: number;
  /** 2e-5 by default. */
  readonly learningRate?: number;
  /** Rows of each part; all by default. */
  readonly take?: number;
}

interface Pair {
  readonly text: string;
  readonly answer: string;
}

export async function semanticSearch({
  model: path,
  train,
  test,
  epochs,
  learningRate = 2e-5,
  take,
}: SemanticSearchOptions) {
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
    train: rows(pairs.map(({ text, answer }, index) => ({ text, textPair: answer, negatives: [wrong[index]!] }))),
    strategy: full(),
    backend: onnx(),
    learningRate,
    numTrainEpochs: epochs,
    perDeviceTrainBatchSize: 16,
    evalStrategy: 'no',
    holdOutShare: 0,
  });
  const losses: number[] = [];
  for await (const event of trainer.train()) if (event.type === 'step') losses.push(event.loss);
  const tuned = new MemoryStorage('tuned');
  await trainer.save(tuned);
  return { losses, before, after: await ranksIn(tuned, questions) };
}

const MAX_LENGTH = 96;

type Directory = Parameters<typeof openModel>[0];

/** Vectors of the questions and of their answers. */
async function vectorsOf(directory: Directory, pairs: readonly Pair[]) {
  await using model = await openModel(directory, { backend: onnx(), maxLength: MAX_LENGTH });
  const questions = await model.embed(pairs.map(({ text }) => text));
  return { questions, answers: await model.embed(pairs.map(({ answer }) => answer)) };
}

/** For each question, the answer to another one that the encoder takes for the best. Some questions have several answers. */
async function hardNegatives(directory: Directory, pairs: readonly Pair[]): Promise<readonly string[]> {
  const { questions, answers } = await vectorsOf(directory, pairs);
  return questions.map((question, own) => {
    const scores = answers.map((answer, index) =>
      pairs[index]!.text === pairs[own]!.text ? Number.NEGATIVE_INFINITY : dot(question, answer),
    );
    return pairs[scores.indexOf(Math.max(...scores))]!.answer;
  });
}

/** How often a right answer comes first, and the mean of one over the place of the first right one. */
async function ranksIn(directory: Directory, pairs: readonly Pair[]) {
  const { questions, answers } = await vectorsOf(directory, pairs);
  const places = questions.map((question, own) => {
    const scores = answers.map((answer) => dot(question, answer));
    const isRight = pairs.map(({ text }) => text === pairs[own]!.text);
    const best = Math.max(...scores.filter((_, index) => isRight[index]));
    return 1 + scores.filter((score, index) => !isRight[index] && score > best).length;
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
