/** Learning without forgetting, and replay, of what the model that training starts from was trained for. */
import {
  type LearningWithoutForgettingOptions,
  learningWithoutForgetting,
  type Objective,
  type ReplayOptions,
  replay,
  type TokenizedDataset,
} from '@attune/core';
import { parseReplayOptions } from '@attune/core/internal';
import type { EncodedDataset, TextDataset } from '@attune/data';
import { withReplay } from '@attune/data';
import type { Storage } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import { type LoadedModel, loadModel, type TaskModel, taskModelOf } from '@attune/models';
import { causalLanguageModelingTask, encodeMaskedLanguageModeling, maskedLanguageModelingTask } from '@attune/tasks';
import { besideTrained, dropoutOf, type EarlierHead, openEarlierModel } from './earlier-model.js';
import { requireKnownLabels } from './forgetting.js';

/** A model of a task, about to be trained. */
export type Trained = Pick<TaskModel<unknown, never>, 'model' | 'objective' | 'tokenizer'>;

/**
 * The objective of a model with `learningWithoutForgetting` of the head that the starting directory has: the answers of a classifier, or
 * of a language model.
 * @param head which of them; that of a language model first by default
 * @throws AttuneError `E_CONFIG` for wrong options, and if the directory has no such head
 */
export async function withoutForgetting(
  { model, objective, tokenizer }: Trained,
  directory: Storage,
  options: LearningWithoutForgettingOptions = {},
  head: EarlierHead = 'any',
): Promise<Objective> {
  const found = await openEarlierModel(directory, head, dropoutOf({ model }));
  if (!found)
    throw noHead(directory, head, 'lwf', 'Take l2-sp, which needs no head, or start from a model that has one.');
  const { padTokenId, maskTokenId } = tokenizer;
  const fingerprint = await found.loaded.weightsHash();
  const earlier = (loaded: LoadedModel) => ({ model: besideTrained(loaded, { model }), fingerprint, padTokenId });
  if (found.task !== maskedLanguageModelingTask.name || maskTokenId === undefined) {
    const of = found.task === causalLanguageModelingTask.name ? 'tokens' : 'texts';
    return learningWithoutForgetting(objective, { ...earlier(found.loaded), of }, options);
  }
  const atMasks = await loadModel(directory, {
    task: maskedLanguageModelingTask,
    predictAtPositions: true,
    dropout: dropoutOf({ model }),
  });
  const [empty] = await tokenizer.encode(['']);
  const of = { maskTokenId, specialTokenIds: [maskTokenId, ...(empty?.ids ?? [])] };
  return learningWithoutForgetting(objective, { ...earlier(atMasks), of }, options);
}

/** Data of what a model was trained for before, which training goes on with. */
export interface Replayed {
  /** Texts in general, or with labels the data of an earlier task. */
  readonly general: TextDataset;
  readonly isLabelled: boolean;
  /** Tokens kept of each text. */
  readonly maxLength: number;
  readonly signal?: AbortSignal | undefined;
}

/** How a model trains on, its objective and its data, while it goes on with an earlier task. */
export interface WithReplay {
  readonly objective: Objective;
  /** The data of the new task with those of the earlier one. */
  data(train: TokenizedDataset): TokenizedDataset;
}

/**
 * `replay` of texts in general by the language model that the starting directory has, or of the labelled texts of an earlier task by
 * its classifier.
 * @throws AttuneError `E_CONFIG` for wrong options, and if the directory has no such head, `E_DATA_LABELS` for labels that
 * its classifier does not have, `E_DATA_EMPTY`
 */
export async function replaying(
  { model, objective }: Trained,
  directory: Storage,
  replayed: Replayed,
  options: ReplayOptions = {},
): Promise<WithReplay> {
  const { share } = parseReplayOptions(options);
  const { general, isLabelled } = replayed;
  const head = isLabelled ? 'classifier' : 'language model';
  const found = await openEarlierModel(directory, head, dropoutOf({ model }));
  if (!found)
    throw noHead(directory, head, 'replay', 'Start from a model with the head that these data were learned with.');
  const { loaded, task } = found;
  if (isLabelled) await requireKnownLabels(general, loaded.labels, 'replay');
  const maxLength = Math.min(replayed.maxLength, loaded.model.maxPositions);
  const earlier: TaskModel<unknown, never> = await taskModelOf(loaded, task, { maxLength });
  const { dataset } = await encoded(earlier, task, replayed);
  const beside = besideTrained(loaded, { model });
  const weights = new Map([...beside.weights].filter(([name]) => beside.keeps.has(name)));
  const fingerprint = `${dataset.fingerprint} ${await loaded.weightsHash()}`;
  return {
    objective: replay(
      objective,
      { model: { ...beside, weights }, fingerprint, objective: earlier.objective },
      { share },
    ),
    data: (train) => withReplay(train, dataset, share),
  };
}

/** Texts for masks share rows: then all batches but few have one shape. */
async function encoded(
  { encode, tokenizer, maxLength }: TaskModel<unknown, never>,
  task: string,
  { general, signal }: Replayed,
): Promise<EncodedDataset> {
  const watch = signal ? { signal } : {};
  if (task !== maskedLanguageModelingTask.name) return encode(general, watch);
  return encodeMaskedLanguageModeling(general, tokenizer, { ...watch, maxLength, packed: true });
}

function noHead({ name }: Storage, head: EarlierHead, method: string, hint: string): AttuneError {
  const wanted = {
    'language model': 'no head of a language model',
    classifier: 'no classifier of an earlier task',
    any: 'no head of an earlier task, and none of a language model',
  }[head];
  return new AttuneError('E_CONFIG', `${method}: ${name} has ${wanted}, so there is nothing to keep.`, {
    field: 'model',
    hint,
  });
}
