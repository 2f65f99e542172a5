/** The methods that there are, in the order in which the field found them. */
import { nearest } from '@attune/core/internal';
import { MemoryStorage, readModelConfig } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import {
  createModel,
  createWordClassifier,
  type LoadedModel,
  loadModel,
  saveTokenTableModel,
  type WordClassifierFamily,
} from '@attune/models';
import { modelTypes } from '@attune/models/internal';
import { adapterMethods, full, head, l2Sp } from '@attune/strategies';
import { sequenceClassificationTask as task } from '@attune/tasks';
import { consolidation } from './consolidation.js';
import type { EarlierHead } from './earlier-model.js';
import { setFitMethod } from './few-shot/set-fit-method.js';
import { tfidfMethod } from './island/tfidf-method.js';
import type { Method, MethodTask } from './method.js';
import { modelOf, type TrainerMethod, trainerMethod } from './trainer-method.js';
import { type Replayed, replaying, withoutForgetting } from './without-forgetting.js';

/** Of a pretrained model, under a strategy. */
const tuned = (
  name: string,
  title: string,
  strategy: TrainerMethod['strategy'],
  more: Pick<TrainerMethod, 'arguments' | 'needsGeneral' | 'against'> = {},
): Method =>
  trainerMethod({
    ...more,
    name,
    title,
    needsModel: true,
    startsFromModel: true,
    strategy,
    load: (data) => loadModel(modelOf(data, name), { task, labels: data.labels, seed: data.seed }),
  });

const fromScratch = trainerMethod({
  name: 'from-scratch',
  title: 'the same architecture from random weights',
  needsModel: true,
  strategy: full,
  async load(data) {
    const files = modelOf(data, 'from-scratch');
    const config = await readModelConfig(files, modelTypes);
    return createModel(config, { task, labels: data.labels, tokenizer: files, seed: data.seed });
  },
});

const wordVectors = trainerMethod({
  name: 'word-vectors',
  title: "word vectors: the mean of the model's own token table",
  needsModel: true,
  strategy: head,
  async load(data) {
    const table = new MemoryStorage('word vectors');
    await saveTokenTableModel(table, modelOf(data, 'word-vectors'));
    return loadModel(table, { task, labels: data.labels, seed: data.seed });
  },
});

/** Adam's own rate (Kingma and Ba 2015): nothing that is pretrained could be lost. */
const fromWords = (name: string, title: string, family: WordClassifierFamily): Method =>
  trainerMethod({
    name,
    title,
    needsModel: false,
    strategy: full,
    arguments: { learningRate: 1e-3 },
    load: ({ examples, labels, seed, signal }) =>
      createWordClassifier(family, { task, labels, seed, words: { texts: textsOf(examples), signal } }),
  });

const textsOf = (examples: MethodTask['examples']): readonly string[] =>
  examples.flatMap(({ text, textPair }) => (textPair === undefined ? [text] : [text, textPair]));

/** The strategies' own penalties take the place of weight decay. */
const noDecay = { arguments: { weightDecay: 0 } };

async function consolidated({ earlier }: MethodTask, loaded: LoadedModel) {
  if (earlier) return [full(), await consolidation(earlier, loaded)];
  throw new AttuneError('E_CONFIG', 'The pretrained model has no head that shows what it knew.', { field: 'general' });
}

/** The one that forgetting is measured with. */
function headOf({ general }: MethodTask): EarlierHead {
  if (!general) return 'any';
  return general.isLabelled ? 'classifier' : 'language model';
}

function replayedBy({ general, maxLength = 128, signal }: MethodTask): Replayed {
  if (general) return { ...general, maxLength, signal };
  throw new AttuneError('E_CONFIG', 'replay goes on with data of before, and there are none.', { field: 'general' });
}

export const methods: readonly Method[] = [
  tfidfMethod,
  fromWords('cnn', 'a convolutional network over words, from random weights', 'text-cnn'),
  fromWords('bilstm', 'LSTMs in both directions over words, from random weights', 'bilstm'),
  fromScratch,
  wordVectors,
  tuned('head', 'linear probe: the frozen model under a new head', head),
  tuned('full', 'full fine-tuning', full),
  tuned('l2-sp', 'full fine-tuning, with weight decay toward the start', () => [full(), l2Sp()], noDecay),
  tuned('ewc', 'full fine-tuning, bound where the earlier task needs it', consolidated, {
    ...noDecay,
    needsGeneral: true,
  }),
  tuned('lwf', 'full fine-tuning, answering as the start did', full, {
    against: async (task, model) => ({
      objective: await withoutForgetting(model, modelOf(task, 'lwf'), {}, headOf(task)),
    }),
  }),
  tuned('replay', 'full fine-tuning, with a quarter of the data of before', full, {
    needsGeneral: true,
    against: (task, model) => replaying(model, modelOf(task, 'replay'), replayedBy(task)),
  }),
  setFitMethod,
  ...adapterMethods.map(({ name, strategy }) =>
    tuned(name, `${name}: the frozen model with an adapter`, () => strategy({})),
  ),
];

/** What is compared if nobody says: one method of each era. */
export const defaultMethods = ['tf-idf', 'word-vectors', 'head', 'lora', 'full'] as const;

/** @throws AttuneError `E_CONFIG` that suggests the nearest name */
export function methodNamed(name: string): Method {
  const found = methods.find((method) => method.name === name);
  if (found) return found;
  const names = methods.map((method) => method.name);
  const near = nearest(name, names);
  throw new AttuneError('E_CONFIG', `There is no method "${name}"; there are ${names.join(', ')}.`, {
    field: 'methods',
    ...(near === undefined ? {} : { hint: `Did you mean "${near}"?` }),
  });
}
