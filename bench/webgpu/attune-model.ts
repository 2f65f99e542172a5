/** A task as Attune sees it. */
import {
  type HostBatch,
  initialize,
  type LearnerModel,
  maskedLanguageModeling,
  type Objective,
  sequenceClassificationObjective,
} from '@attune/core';
import { describeModel } from '@attune/core/internal';
import { hostTensor } from '@attune/ir';
import { createModel } from '@attune/models';
import { decoder } from './decoder.js';
import { CLASSES, NORM_EPSILON, type Task, type TokenBatch } from './task.js';

/** The model of a task with the weights that all sides begin with. */
export async function attuneModel(task: Task): Promise<LearnerModel> {
  if (task.kind === 'bert') {
    return createModel(bertConfig(task), { task: 'sequence-classification', labelCount: CLASSES });
  }
  const model = decoder(task);
  const weights = describeModel(model).parameters.map(
    ({ name, type, initializer }) => [name, initialize(initializer!, type, 0, name)] as const,
  );
  return { model, weights: new Map(weights) };
}

const bertConfig = ({ layers, width, heads, inner, vocabulary, tokens }: Task) => ({
  model_type: 'bert',
  vocab_size: vocabulary,
  hidden_size: width,
  num_hidden_layers: layers,
  num_attention_heads: heads,
  intermediate_size: inner,
  max_position_embeddings: tokens,
  layer_norm_eps: NORM_EPSILON.bert,
  hidden_dropout_prob: 0,
  attention_probs_dropout_prob: 0,
});

export const objectiveOf = ({ kind, vocabulary }: Task): Objective =>
  kind === 'bert'
    ? sequenceClassificationObjective({ classes: CLASSES })
    : maskedLanguageModeling({ classes: vocabulary });

/** A batch under the names of the model's inputs. */
export function hostBatch({ kind, batch, tokens }: Task, { ids, mask, labels }: TokenBatch): HostBatch {
  const shape = [batch, tokens];
  const inputIds = hostTensor(shape, ids, 'i32');
  if (kind === 'gpt') return { inputIds, labels: hostTensor(shape, labels, 'i32') };
  const attentionMask = hostTensor(shape, mask, 'i32');
  const tokenTypeIds = hostTensor(shape, new Int32Array(batch * tokens), 'i32');
  return { inputIds, attentionMask, tokenTypeIds, labels: hostTensor([batch], labels, 'i32') };
}
