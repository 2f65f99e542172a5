/** What evaluates and answers: loaded when a model is first used, which a run of training may never do. */
export { rowDataset } from '../trainer/text-task.js';
export { evaluateDataset, lossOf } from './evaluation.js';
export { answerInputs, outputsOf, predictDataset } from './prediction.js';
