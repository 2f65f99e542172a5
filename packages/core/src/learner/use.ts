/** What a Learner evaluates by: loaded when it is first asked, which a run of training may never do. */
export { evaluateDataset, lossOf } from './evaluation.js';
export { outputsOf } from './prediction.js';
