import { basename, dirname, resolve } from 'node:path';
import { loadWordVectors, type WordVectors } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { AttuneError } from '@attune/ir';
import { analogousWords, type Neighbour, similarWords, wordSplits } from '@attune/models';
import { z } from 'zod';
import type { CommandContext } from '../command-context.js';
import { argument, dataOptions, list, number, onlyFor, positive, runOptions, text } from '../common-options.js';
import { exitCodes } from '../exit-codes.js';
import type { Settings } from '../options.js';
import { formatTable } from '../output.js';
import { interruptible } from '../signals.js';
import { flagOf } from '../spelling.js';
import { requireVectorPlace, saveVectors, vectorOutputOptions } from './vectors-output.js';
import { trainedWordVectors, vectorMethods } from './vectors-train.js';

const { textColumn, delimiter, quote, noHeader, onBadRow } = dataOptions;

export const vectorsOptions = {
  action: argument(
    z.enum(['train', 'similar', 'analogy', 'convert']),
    'train: vectors from texts; similar, analogy: words; convert: another format, or a model',
  ),
  ...onlyFor(['train'], {
    train: text(z.string().optional(), 'texts to learn from: a text a line, or a column of CSV, TSV or JSON Lines'),
  }),
  ...onlyFor(['similar', 'analogy', 'convert'], {
    vectors: text(
      z.string().optional(),
      'a file of word vectors: word2vec, GloVe or fastText text, word2vec .bin, or .gz',
    ),
  }),
  ...onlyFor(['train', 'convert'], vectorOutputOptions),
  ...onlyFor(['similar'], {
    word: text(z.string().min(1).optional(), 'the word whose neighbours are wanted'),
  }),
  ...onlyFor(['analogy'], {
    words: list(
      z
        .array(z.string().min(1))
        .refine(({ length }) => length === 3, 'three words a,b,c are needed')
        .optional(),
      'three words: a is to b as c is to the answer',
    ),
  }),
  ...onlyFor(['similar', 'analogy'], {
    top: number(positive.default(10), 'words to show'),
  }),
  ...onlyFor(['train'], {
    method: text(z.enum(vectorMethods).default('skip-gram'), 'how vectors are trained'),
    dimensions: number(positive.max(10_000).default(100), 'length of a vector'),
    window: number(positive.max(1000).optional(), 'words on each side that are near; 5, of glove 10 by default'),
    epochs: number(positive.optional(), 'passes over the texts; 5, of glove 25 by default'),
    minCount: number(positive.default(5), 'rarer words are left out'),
    negative: number(positive.max(1000).default(5), 'noise words a prediction, of skip-gram and cbow'),
    seed: number(z.number().int().nonnegative().default(0), 'of all that is drawn at random'),
    split: text(
      z.enum(wordSplits).default('words'),
      'words: letters and digits in lower case; spaces: what stands between blanks, as it is',
    ),
    ...{ textColumn, delimiter, quote, noHeader, onBadRow },
  }),
  ...runOptions,
} as const;

export type VectorsSettings = Settings<typeof vectorsOptions>;

/** `attune vectors`: trains word vectors, asks them for neighbours and analogies, writes them in another format. */
export async function vectors(settings: VectorsSettings, context: CommandContext): Promise<number> {
  await actions[settings.action](settings, context);
  return exitCodes.ok;
}

const actions: Readonly<
  Record<VectorsSettings['action'], (settings: VectorsSettings, context: CommandContext) => Promise<void>>
> = {
  async train(settings, context) {
    const path = needed(settings, 'output');
    const file = needed(settings, 'train');
    await requireVectorPlace(path, settings);
    const { vectors: trained, ...report } = await trainedWordVectors(file, settings, context);
    await saveVectors(path, settings, trained);
    const { method } = settings;
    context.output.result(
      { output: path, method, ...sizesOf(trained), ...report },
      `${path} holds the vectors of ${trained.vocabulary.size} words`,
    );
  },
  async similar(settings, { output, signal }) {
    const word = needed(settings, 'word');
    const found = await interruptible(signal, () => opened(settings));
    const neighbours = similarWords(found, word, settings.top);
    output.result({ word, neighbours }, tableOf(neighbours));
  },
  async analogy(settings, { output, signal }) {
    const words = needed(settings, 'words');
    const [a = '', b = '', c = ''] = words;
    const found = await interruptible(signal, () => opened(settings));
    const neighbours = analogousWords(found, [a, b, c], settings.top);
    output.result({ words, answer: neighbours[0]?.word, neighbours }, tableOf(neighbours));
  },
  async convert(settings, { output, signal }) {
    const path = needed(settings, 'output');
    await requireVectorPlace(path, settings);
    const found = await interruptible(signal, () => opened(settings));
    await saveVectors(path, settings, found);
    output.result({ output: path, ...sizesOf(found) }, `${path} holds the vectors of ${found.vocabulary.size} words`);
  },
};

/** @throws AttuneError `E_CONFIG` for an option that the action needs and that was not given */
function needed<Name extends keyof VectorsSettings>(
  settings: VectorsSettings,
  name: Name,
): NonNullable<VectorsSettings[Name]> {
  const value = settings[name];
  if (value !== undefined && value !== null) return value;
  throw new AttuneError('E_CONFIG', `${flagOf(name)} is needed for attune vectors ${settings.action}.`, {
    field: name,
  });
}

function opened(settings: VectorsSettings): Promise<WordVectors> {
  const full = resolve(needed(settings, 'vectors'));
  return loadWordVectors(nodeStorage(dirname(full)), basename(full));
}

const sizesOf = ({ vocabulary, vectors: { type } }: WordVectors) => ({
  words: vocabulary.size,
  dimensions: type.shape[1],
});

const tableOf = (neighbours: readonly Neighbour[]): string =>
  formatTable([['word', 'similarity'], ...neighbours.map(({ word, similarity }) => [word, similarity.toFixed(4)])]);
