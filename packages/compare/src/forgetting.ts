/** What a model knew before training, and what is left of it: measured by the head that its directory has. */
import { type Batch, fisherDiagonal, Learner, type Strategy, type TokenizedDataset } from '@attune/core';
import type { TextDataset } from '@attune/data';
import type { Storage } from '@attune/hub';
import { AttuneError, type Backend, type HostTensor, sameShape } from '@attune/ir';
import { type LoadedModel, type TaskModel, taskModelOf } from '@attune/models';
import { full } from '@attune/strategies';
import { isOfHead, openEarlierModel } from './earlier-model.js';

export type ForgettingMeasure = 'perplexity' | 'accuracy';

export interface Forgetting {
  /** Of a language model on general texts, or of a classifier on an earlier task. */
  readonly measure: ForgettingMeasure;
  /** Of the model that training starts from. */
  readonly before: number;
  /** Of its own head over the weights after training. */
  readonly after: number;
}

/** What the starting model was trained for, with its own head. */
export interface EarlierTask {
  readonly measure: ForgettingMeasure;
  readonly model: TaskModel<unknown, never>;
  /** Measured with these weights in place of those of the same names below the head. */
  scoreWith(tuned?: Weights): Promise<number>;
  /** How much the earlier task needs each of the model's numbers below the head, for `ewc`: `fisherDiagonal` of its examples. */
  fisher(examples?: number): Promise<Weights>;
}

export interface EarlierTaskOptions {
  /** The directory of the starting model. */
  readonly directory: Storage;
  /** Texts in general, or with labels the data of the earlier task. */
  readonly general: TextDataset;
  readonly isLabelled: boolean;
  readonly backend: Backend;
  readonly maxLength: number;
  readonly signal?: AbortSignal | undefined;
}

type Weights = ReadonlyMap<string, HostTensor>;

/**
 * The starting model at its earlier task.
 * @returns why there is none, if its directory has no head for it
 * @throws AttuneError `E_DATA_LABELS` for labels that its classifier does not have, `E_DATA_EMPTY`, and as loading
 */
export async function openEarlierTask(options: EarlierTaskOptions): Promise<EarlierTask | string> {
  const { directory, general, isLabelled, maxLength } = options;
  const found = await openEarlierModel(directory, isLabelled ? 'classifier' : 'language model');
  if (!found) {
    const head = isLabelled ? 'no classifier of an earlier task' : 'no head of a language model';
    return `${directory.name} has ${head}, so nobody can tell what it knew`;
  }
  const { loaded, task } = found;
  if (isLabelled) await requireKnownLabels(general, loaded.labels);
  const length = Math.min(maxLength, loaded.model.maxPositions);
  const model: TaskModel<unknown, never> = await taskModelOf(loaded, task, { maxLength: length });
  const { dataset } = await model.encode(general, { signal: options.signal });
  const measure = isLabelled ? 'accuracy' : 'perplexity';
  const learnerWith = (weights: Weights, strategy: readonly Strategy[] = []) =>
    Learner.open({
      model: { model: loaded.model, weights },
      objective: model.objective,
      backend: options.backend,
      strategy,
    });
  return {
    measure,
    model,
    async scoreWith(tuned = new Map()) {
      await using learner = await learnerWith(replaced(loaded, tuned));
      const scores = await learner.evaluate(dataset, model.evaluator(), { batchSize: 32, signal: options.signal });
      return scores[measure]!;
    },
    async fisher(examples = ENOUGH_EXAMPLES) {
      await using learner = await learnerWith(loaded.weights, [full()]);
      const batches = spreadBatches(dataset, examples);
      const values = await fisherDiagonal(learner, model.objective, batches);
      return new Map([...values].filter(([name]) => !isOfHead(loaded, name)));
    },
  };
}

/** Examples go through the model one by one; so many give an estimate. */
const ENOUGH_EXAMPLES = 200;

const BATCH = 8;

/** Batches of about so many examples, from all over the data set. */
function spreadBatches(dataset: TokenizedDataset, examples: number): readonly Batch[] {
  const all = dataset.batches({ batchSize: BATCH });
  const step = Math.max(1, Math.floor((all.length * BATCH) / examples));
  return all.filter((_, index) => index % step === 0).map((make) => make());
}

/** @throws AttuneError `E_DATA_LABELS` for a label that the model's classifier does not have */
export async function requireKnownLabels(
  general: TextDataset,
  labels: readonly string[],
  field = 'general',
): Promise<void> {
  const unknown = (await general.toArray()).find(({ label = '' }) => !labels.includes(label));
  if (!unknown) return;
  throw new AttuneError(
    'E_DATA_LABELS',
    `${general.name}, row ${unknown.row}: the model's classifier has no label "${unknown.label ?? ''}"; it has ${labels.slice(0, 5).join(', ')}.`,
    { file: general.name, field, hint: 'Name data of the task that the model was trained for.' },
  );
}

/** The start's weights, those of tuned ones below the head. */
function replaced({ model, weights }: LoadedModel, tuned: Weights): Weights {
  return new Map(
    [...weights].map(([name, start]) => {
      const after = isOfHead({ model }, name) ? undefined : tuned.get(name);
      return [name, after && sameShape(after.type.shape, start.type.shape) ? after : start] as const;
    }),
  );
}
