/** Answers to many inputs at once, in batches of similar lengths. */
import type { EncodedInput, PredictionContext, TextTask } from '@attune/core';
import { answerInputs } from '@attune/core/internal';
import { type EncodedExample, inChunks } from '@attune/data';
import { tokenizedDataset } from '@attune/data/internal';
import { AttuneError } from '@attune/ir';
import type { TaskModel } from '@attune/models';

/**
 * The answer of a model to each input, in their order.
 * @throws AttuneError `E_CONFIG` for a model that has no answers, as the task's `encode`; the context's signal's reason
 */
export async function answersTo<Answer, Input>(
  inputs: readonly Input[],
  { text, model }: Pick<TaskModel<Answer, Input>, 'text' | 'model'>,
  context: PredictionContext,
): Promise<readonly Answer[]> {
  if (!text) {
    throw new AttuneError('E_CONFIG', `A model for ${model.task.name} has no answers; it writes.`, { field: 'task' });
  }
  if (inputs.length === 0) return [];
  const { signal } = context;
  const encoded = await inChunks(inputs, (chunk) => text.encode(chunk), { signal });
  return answerInputs(encoded, datasetOf(encoded, text, model.task.name), context, text.outputNames);
}

/** The rows of encoded inputs, in their order. */
function datasetOf<Answer>(
  encoded: readonly EncodedInput<Answer>[],
  { padTokenId, maxLength }: Pick<TextTask<Answer, never>, 'padTokenId' | 'maxLength'>,
  name: string,
) {
  const examples = encoded.flatMap(({ rows }, index): EncodedExample[] =>
    rows.map((row) => ({ ...row, labels: {}, row: index + 1, truncated: row.truncated ?? false })),
  );
  return tokenizedDataset(examples, { name, padTokenId, maxLength, labelFields: [] });
}
