import { consolidation, openEarlierTask } from '@attune/compare';
import type { Strategy } from '@attune/core';
import { AttuneError, type Backend } from '@attune/ir';
import type { LoadedModel } from '@attune/models';
import { chosenEwc } from './chosen-strategies.js';
import { generalData } from './general-data.js';
import type { StartingModel } from './starting-model.js';
import type { TrainSettings } from './train-settings.js';

interface Consolidated {
  readonly backend: Backend;
  readonly start: Pick<StartingModel, 'directory'>;
  readonly model: Pick<LoadedModel, 'weights'>;
  readonly signal: AbortSignal;
}

/**
 * EWC, if the settings name it, by what the model that training starts from needs for the data of before.
 * @throws AttuneError `E_CONFIG` if the model has no head for those data
 */
export async function consolidationFor(
  settings: TrainSettings,
  { backend, start: { directory }, model, signal }: Consolidated,
): Promise<readonly Strategy[]> {
  const options = chosenEwc(settings);
  const general = generalData(settings);
  if (!options || !general) return [];
  const { generalLabels, maxLength = 128 } = settings;
  const isLabelled = generalLabels !== undefined;
  const earlier = await openEarlierTask({ directory, general, isLabelled, backend, maxLength, signal });
  if (typeof earlier !== 'string') return [await consolidation(earlier, model, options)];
  throw new AttuneError('E_CONFIG', `ewc: ${earlier}.`, {
    field: 'general',
    hint: 'Start from a model with the head that it was trained with, or take l2-sp, which needs no data.',
  });
}
