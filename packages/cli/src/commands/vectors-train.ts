import type { WordVectors } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import { readCorpus, trainGlove, trainWord2Vec, word2VecMethods } from '@attune/models';
import { openPlainTexts } from '@attune/tasks';
import { chosenBackend, requireAvailable } from '../backends.js';
import type { CommandContext } from '../command-context.js';
import { interruptible } from '../signals.js';
import type { VectorsSettings } from './vectors.js';

export const vectorMethods = [...word2VecMethods, 'glove'] as const;

export interface TrainedWordVectors {
  readonly vectors: WordVectors;
  readonly epochs: number;
  /** Of the last epoch. */
  readonly loss: number;
  readonly seconds: number;
}

/** Trains vectors on the texts of a file, and tells of each epoch. */
export async function trainedWordVectors(
  file: string,
  settings: VectorsSettings,
  { output, signal }: CommandContext,
): Promise<TrainedWordVectors> {
  const { method, minCount, split, dimensions, window, epochs, negative, seed } = settings;
  const corpus = await interruptible(signal, () => readCorpus(textsOf(file, settings), { minCount, split }));
  output.note(`${corpus.words.length} words occur at least ${minCount} times, ${corpus.ids.length} times in all`);
  const backend = await chosenBackend(settings, output.note);
  await requireAvailable(backend);
  const options = {
    ...{ corpus, backend, dimensions, seed, signal },
    ...(window === undefined ? {} : { window }),
    ...(epochs === undefined ? {} : { epochs }),
  };
  const training = method === 'glove' ? trainGlove(options) : trainWord2Vec({ ...options, method, negative });
  const report = { epochs: 0, loss: 0, seconds: 0 };
  for await (const event of training) {
    if (event.type === 'end') return { vectors: event.vectors, ...report };
    output.event({ ...event });
    output.note(
      `epoch ${event.epoch} of ${event.epochs}: loss ${event.loss.toFixed(4)}, ${event.seconds.toFixed(1)} s`,
    );
    report.epochs = event.epoch;
    report.loss = event.loss;
    report.seconds += event.seconds;
  }
  throw new AttuneError('E_NOT_TRAINED', 'Training ended without vectors.');
}

async function* textsOf(file: string, settings: VectorsSettings): AsyncGenerator<string> {
  for await (const { text } of openPlainTexts(file, settings)) yield text;
}
