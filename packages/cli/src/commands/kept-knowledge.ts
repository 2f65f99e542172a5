/** How a model trains that is to keep what it knew: EWC, learning without forgetting, and replay. */
import { replaying, withoutForgetting } from '@attune/compare';
import type { Objective, TrainerOptions } from '@attune/core';
import { AttuneError, type Backend } from '@attune/ir';
import { full } from '@attune/strategies';
import type { Prepared } from '../tasks/command-task.js';
import { chosenLwf, chosenStrategies } from './chosen-strategies.js';
import { consolidationFor } from './consolidation.js';
import { generalData, replayData } from './general-data.js';
import type { StartingModel } from './starting-model.js';
import type { TrainSettings } from './train-settings.js';

interface TrainedStart {
  readonly backend: Backend;
  readonly start: Pick<StartingModel, 'directory'>;
  readonly prepared: Prepared;
  readonly signal: AbortSignal;
  readonly warn: (message: string) => void;
}

/** What the settings make of a run: what trains, on what data, and what it minimizes. */
export interface ChosenTraining extends Pick<TrainerOptions, 'train'> {
  readonly strategy: NonNullable<TrainerOptions['strategy']>;
  readonly objective?: Objective;
}

/** @throws AttuneError `E_CONFIG` if the model has no head for what is to be kept, and as reading the data does */
export async function chosenTraining(
  settings: TrainSettings,
  { backend, start: { directory }, prepared: { model, train }, signal, warn }: TrainedStart,
): Promise<ChosenTraining> {
  const consolidating = await consolidationFor(settings, { backend, start: { directory }, model, signal });
  const strategies = [...chosenStrategies(settings), ...consolidating];
  const lwf = chosenLwf(settings);
  if (lwf && Object.entries(settings).some(([name, value]) => name === 'packing' && value === true)) {
    throw new AttuneError('E_CONFIG', 'lwf asks for whole texts, and packing puts several into a row.', {
      field: 'packing',
      hint: 'Leave packing out.',
    });
  }
  // Alone it leaves everything to train, as other strategies do that say nothing of it.
  const strategy = lwf && strategies.length === 0 ? full() : strategies;
  const general = replayData(settings);
  const { maxLength = 128, replayLabels, replayShare, generalLabels } = settings;
  const replay =
    general &&
    (await replaying(
      model,
      directory,
      { general, isLabelled: replayLabels !== undefined, maxLength, signal },
      replayShare === undefined ? {} : { share: replayShare },
    ));
  const kept = replay ? { ...model, objective: replay.objective } : model;
  const isLabelled = generalLabels !== undefined || replayLabels !== undefined;
  const head = generalData(settings) || general ? (isLabelled ? 'classifier' : 'language model') : 'any';
  const objective = lwf ? await withoutForgetting(kept, directory, lwf, head) : kept.objective;
  if (!replay) return { strategy, train, ...(objective === model.objective ? {} : { objective }) };
  const { dataset, warnings } = await model.encode(train, { signal });
  for (const message of warnings) warn(message);
  return { strategy, objective, train: replay.data(dataset) };
}
