/** One number that makes probabilities believable, fitted on data that the model has not learned from. */
import { calibrationError, fitTemperature } from '@attune/compare';
import type { PredictionContext, TokenizedDataset } from '@attune/core';
import { predictDataset, softmaxOf } from '@attune/core/internal';
import type { SavedModel } from '@attune/inference';
import { AttuneError } from '@attune/ir';
import { readAttuneFile, writeAttuneFile } from '@attune/models/internal';
import { sequenceClassificationTask } from '@attune/tasks';

export interface Calibration {
  readonly temperature: number;
  /** The expected calibration error on the data, with the temperature of before and with this one. */
  readonly calibrationError: { readonly before: number; readonly after: number };
}

/** @throws AttuneError `E_CONFIG` for a model that does not give one class for each text */
export function requireCalibrable({ path, task, loaded }: SavedModel): void {
  if (task.name === sequenceClassificationTask.name && loaded.problemType === 'single_label_classification') return;
  const message = `${path} gives no probabilities of one class for each text, so there is nothing to calibrate.`;
  throw new AttuneError('E_CONFIG', message, { field: 'calibrate', hint: 'Leave --calibrate out.' });
}

/** Fits the temperature and keeps it in attune.json, where everything that answers reads it. @throws AttuneError `E_DISK` */
export async function calibrate(
  opened: SavedModel,
  dataset: TokenizedDataset,
  context: PredictionContext,
): Promise<Calibration> {
  const logits = await predictDataset(dataset, context, 'logits');
  const targets = new Array<number>(dataset.length);
  for (const make of dataset.batches({ batchSize: context.batchSize })) {
    const { indices, tensors } = make();
    for (const [row, index] of indices.entries()) targets[index] = tensors.labels!.data[row]!;
  }
  const temperature = fitTemperature(logits, targets);
  const errorAt = (divisor: number) =>
    calibrationError(
      logits.map((row, index) => {
        return { probabilities: softmaxOf(row.map((logit) => logit / divisor)), target: targets[index]! };
      }),
    );
  const error = { before: errorAt(opened.loaded.temperature ?? 1), after: errorAt(temperature) };
  const file = (await readAttuneFile(opened.directory)) ?? opened.file;
  await writeAttuneFile(opened.directory, { ...file, temperature });
  return { temperature, calibrationError: error };
}
