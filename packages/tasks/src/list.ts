import { AttuneError } from '@attune/ir';
import { causalLanguageModelingTask } from './causal-language-modeling.js';
import { featureExtractionTask } from './feature-extraction.js';
import { maskedLanguageModelingTask } from './masked-language-modeling.js';
import { questionAnsweringTask } from './question-answering.js';
import { sequenceClassificationTask } from './sequence-classification.js';
import type { Task } from './task.js';
import { tokenClassificationTask } from './token-classification.js';

export const tasks: readonly Task[] = [
  featureExtractionTask,
  sequenceClassificationTask,
  tokenClassificationTask,
  questionAnsweringTask,
  maskedLanguageModelingTask,
  causalLanguageModelingTask,
];

/** @throws AttuneError `E_CONFIG` for a name that no task has */
export function taskNamed(name: string): Task {
  const found = tasks.find((task) => task.name === name);
  if (found) return found;
  const known = tasks.map((task) => task.name).join(', ');
  throw new AttuneError('E_CONFIG', `There is no task "${name}"; there are ${known}.`, { field: 'task' });
}
