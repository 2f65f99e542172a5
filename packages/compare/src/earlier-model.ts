/** The starting model with the head of what it was trained for before. */
import type { FrozenModel } from '@attune/core';
import { describeModel, drawnAnew } from '@attune/core/internal';
import type { Storage } from '@attune/hub';
import { isAttuneError, sameShape } from '@attune/ir';
import { type LoadedModel, type LoadOptions, loadModel } from '@attune/models';
import { causalLanguageModelingTask, maskedLanguageModelingTask, sequenceClassificationTask } from '@attune/tasks';

const languageTasks = [maskedLanguageModelingTask.name, causalLanguageModelingTask.name] as const;
const classifierTasks = [sequenceClassificationTask.name] as const;

export interface EarlierModel {
  readonly loaded: LoadedModel;
  readonly task: (typeof languageTasks | typeof classifierTasks)[number];
}

/** What kind of head is asked for; any, a language model's first, if nobody says. */
export type EarlierHead = 'language model' | 'classifier' | 'any';

/**
 * The model with the head that its directory has; undefined if it has none of that kind.
 * @param dropout in place of the model's own rates
 */
export async function openEarlierModel(
  directory: Storage,
  head: EarlierHead,
  dropout: LoadOptions['dropout'] = {},
): Promise<EarlierModel | undefined> {
  const tasks = {
    'language model': languageTasks,
    classifier: classifierTasks,
    any: [...languageTasks, ...classifierTasks],
  }[head];
  for (const task of tasks) {
    try {
      const loaded = await loadModel(directory, { task, dropout });
      if (drawnAnew(loaded.model, loaded.created).length === 0) return { loaded, task };
    } catch (error) {
      if (!isAttuneError(error) || error.code !== 'E_MODEL_UNSUPPORTED' || error.field !== 'task') throw error;
    }
  }
  return undefined;
}

export const isOfHead = ({ model }: Pick<LoadedModel, 'model'>, name: string): boolean =>
  model.task.headModules.some((module) => `.${name}.`.includes(`.${module}.`));

/** Beside a model that trains: it keeps its head, and what that model does not have. */
export function besideTrained(
  { model, weights }: Pick<LoadedModel, 'model' | 'weights'>,
  trained: Pick<LoadedModel, 'model'>,
): FrozenModel & { readonly keeps: ReadonlySet<string> } {
  const own = new Map(describeModel(trained.model).parameters.map(({ name, type }) => [name, type.shape]));
  const kept = [...weights].filter(([name, { type }]) => {
    const shape = own.get(name);
    return isOfHead({ model }, name) || !shape || !sameShape(shape, type.shape);
  });
  return { model, weights, keeps: new Set(kept.map(([name]) => name)) };
}

/** The rates of a model that trains, which one beside it has as well: then both share their masks. */
export function dropoutOf({ model: { config } }: Pick<LoadedModel, 'model'>): LoadOptions['dropout'] {
  const rate = (name: string) => (typeof config[name] === 'number' ? config[name] : undefined);
  const [hidden, attention] = [rate('hidden_dropout_prob'), rate('attention_probs_dropout_prob')];
  return { ...(hidden === undefined ? {} : { hidden }), ...(attention === undefined ? {} : { attention }) };
}
