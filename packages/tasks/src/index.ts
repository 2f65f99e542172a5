export { causalLanguageModelingTask } from './causal-language-modeling.js';
export { type Encoder, encoderScope, type HiddenStates, type VocabularyHead } from './encoder.js';
export { featureExtractionTask } from './feature-extraction.js';
export { taskNamed, tasks } from './list.js';
export { maskedLanguageModelingTask, PREDICTION_POSITIONS } from './masked-language-modeling.js';
export { questionAnsweringTask } from './question-answering.js';
export { sequenceClassificationTask } from './sequence-classification.js';
export type { Head, HeadOptions, Task } from './task.js';
export { tokenClassificationTask } from './token-classification.js';
