import { AttuneError } from '@attune/ir';
import { causalLanguageModelingTask } from './causal-language-modeling.js';
import { featureExtractionTask } from './feature-extraction.js';
import { maskedLanguageModelingTask } from './masked-language-modeling.js';
import { nextSentencePredictionTask } from './next-sentence-prediction.js';
import { questionAnsweringTask } from './question-answering.js';
import { sentenceSimilarityTask } from './sentence-similarity.js';
import { sequenceClassificationTask } from './sequence-classification.js';
import type { Task } from './task.js';
import { tokenClassificationTask } from './token-classification.js';

/** The tasks that models are trained for. */
export const trainedTasks = {
  [sequenceClassificationTask.name]: sequenceClassificationTask,
  [tokenClassificationTask.name]: tokenClassificationTask,
  [questionAnsweringTask.name]: questionAnsweringTask,
  [maskedLanguageModelingTask.name]: maskedLanguageModelingTask,
  [nextSentencePredictionTask.name]: nextSentencePredictionTask,
  [causalLanguageModelingTask.name]: causalLanguageModelingTask,
  [sentenceSimilarityTask.name]: sentenceSimilarityTask,
} as const;

type TrainedTaskName = keyof typeof trainedTasks;

export const trainedTaskNames: readonly TrainedTaskName[] = Object.values(trainedTasks).map(({ name }) => name);

/** What a model is for if neither its files nor the user say. */
export const defaultTask = sequenceClassificationTask;

export const tasks: readonly Task[] = [featureExtractionTask, ...Object.values(trainedTasks)];

/** @throws AttuneError `E_CONFIG` for a name that no task has */
export function taskNamed(name: string): Task {
  const found = tasks.find((task) => task.name === name);
  if (found) return found;
  const known = tasks.map((task) => task.name).join(', ');
  throw new AttuneError('E_CONFIG', `There is no task "${name}"; there are ${known}.`, { field: 'task' });
}
