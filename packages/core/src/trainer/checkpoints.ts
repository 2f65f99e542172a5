/** What only a run with an output directory, or a model that is saved, needs: a bundle for browsers loads it when there is one. */
export { CheckpointWriter } from './checkpoint-writer.js';
export { elsewhereWarning } from './elsewhere.js';
export { restoreBest, restoreRun, runSpaceWarning } from './restore-run.js';
export { inspectRunDirectory, openRunDirectory } from './run-directory.js';
export { argumentsIdentity, dataIdentity, modelIdentity } from './run-identity.js';
export { checkSameRun } from './same-run.js';
export { saveFinished } from './save-finished.js';
export { readTrainerState } from './trainer-state.js';
