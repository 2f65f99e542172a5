/** `--ensemble DIR`: several classifiers that answer as one. */
import { isTexts } from '@attune/data';
import { type EnsembleEvaluation, openEnsemble } from '@attune/inference';
import { AttuneError, type Backend } from '@attune/ir';
import { type TaskSettings, sequenceClassificationTask as task } from '@attune/tasks';
import { z } from 'zod';
import { list } from '../common-options.js';
import { isAskedOtherwise, type Predictions } from '../tasks/command-task.js';
import { requireFitting } from '../tasks/task-settings.js';

export const ensembleOption = list(
  z.array(z.string()).default([]),
  'directories of further classifiers of the same labels; the probabilities are then the means of all',
);

interface EnsembleSettings extends TaskSettings {
  readonly model: string;
  readonly ensemble: readonly string[];
  readonly base?: string | undefined;
  readonly maxLength?: number | undefined;
  readonly batchSize: number;
}

interface Context {
  readonly backend: Backend;
  readonly signal: AbortSignal;
}

/** What an ensemble answers: one class for each text. */
const single = { problemType: 'single_label_classification' } as const;

function openTogether({ model, ensemble, base, maxLength, batchSize }: EnsembleSettings, { backend }: Context) {
  return openEnsemble([model, ...ensemble], {
    backend,
    batchSize,
    ...(base === undefined ? {} : { base }),
    ...(maxLength === undefined ? {} : { maxLength }),
  });
}

/** @throws AttuneError `E_CONFIG` if the settings do not say what is asked, and as `openEnsemble` */
export async function predictTogether(settings: EnsembleSettings, context: Context): Promise<Predictions> {
  const { predict } = task.asking;
  if (!predict) throw isAskedOtherwise(task);
  requireFitting(settings, task.name);
  const { asked, skipped } = await predict.inputs(settings);
  await using ensemble = await openTogether(settings, context);
  const inputs = asked.map(({ input }) => input);
  const answers = await ensemble.predict(inputs, context);
  return {
    answers: answers.map((answer, index) => {
      const { input, row } = asked[index]!;
      return { row, shown: predict.show(input, answer, single) };
    }),
    faults: [],
    skipped,
    warnings: ensemble.warnings,
  };
}

/** @throws AttuneError `E_DATA_LABELS` for labels that the models do not know, and as `openEnsemble` */
export async function evaluateTogether(
  settings: EnsembleSettings & { readonly data: string },
  context: Context,
): Promise<EnsembleEvaluation & Pick<Predictions, 'warnings'>> {
  requireFitting(settings, task.name);
  const texts = task.files.open(settings.data, settings, single);
  if (!isTexts(texts)) throw new AttuneError('E_DATA', `${settings.data} has no texts.`, { file: settings.data });
  await using ensemble = await openTogether(settings, context);
  return { ...(await ensemble.evaluate(texts, context)), warnings: ensemble.warnings };
}
