/** What a Trainer does with trained weights beside saving them; loaded when it is asked for. */
import { AttuneError } from '@attune/ir';
import type { TokenizedDataset } from '../dataset.js';
import { type EvaluationContext, evaluateDataset } from '../learner/evaluation.js';
import { answerInputs } from '../learner/prediction.js';
import { encodedData, type TrainingData } from '../training-data.js';
import { rowDataset } from './text-task.js';
import type { ResolvedOptions } from './trainer-options.js';

export { predictDataset } from '../learner/prediction.js';

type Context = () => Promise<EvaluationContext>;

/** The loss and metrics over data. @throws AttuneError `E_CONFIG` if there are none, and as encoding them does */
export async function evaluateOn(
  data: TrainingData | undefined,
  { model, evaluator }: Pick<ResolvedOptions, 'model' | 'evaluator'>,
  context: Context,
  signal: AbortSignal | undefined,
): Promise<Readonly<Record<string, number>>> {
  if (!data) {
    const hint = 'Name the data, or give the trainer evaluation data.';
    throw new AttuneError('E_CONFIG', 'There is nothing to evaluate on.', { field: 'evaluation', hint });
  }
  const { dataset } = await encodedData(data, model, { signal });
  return evaluateDataset(dataset, await context(), evaluator?.());
}

/** The model's answer. @throws AttuneError `E_CONFIG` for a model that takes no text */
export async function answerTo<Answer, Input>(
  input: Input,
  { text }: Pick<ResolvedOptions<Answer, Input>['model'], 'text'>,
  context: Context,
): Promise<Answer> {
  if (!text) throw new AttuneError('E_CONFIG', 'This model takes no text; give it a data set.', { field: 'model' });
  const encoded = await text.encode([input]);
  const [answer] = await answerInputs(encoded, rowDataset(encoded[0]!.rows, text), await context(), text.outputNames);
  return answer!;
}

export const isDataset = (input: unknown): input is TokenizedDataset =>
  typeof input === 'object' && input !== null && 'batches' in input;
