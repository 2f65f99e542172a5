/** What a run with an output directory takes from its checkpoints, and the space that it will need there. */
import type { Storage } from '@attune/hub';
import { isAttuneError } from '@attune/ir';
import { readCheckpointTensors, requireCheckpoint } from '../checkpoint/load.js';
import { checkpointPath } from '../checkpoint/names.js';
import type { FoundCheckpoint } from '../checkpoint/unplaced.js';
import type { Learner } from '../learner/learner.js';
import type { ParameterSpec } from '../scope.js';
import type { BestTracker } from './best.js';
import { spaceWarning } from './run-directory.js';
import { readTrainerState, type TrainerState } from './trainer-state.js';
import { saveStrategyOf, type TrainingArguments } from './training-arguments.js';

/**
 * Puts learner and best tracker to where a checkpoint has them.
 * @param steps optimizer steps that the run is to have
 */
export async function restoreRun(
  { output, path, manifest }: FoundCheckpoint & { readonly output: Storage },
  learner: Learner,
  best: BestTracker,
  steps: number,
): Promise<{ readonly state: TrainerState; readonly warnings: readonly string[] }> {
  const warnings: string[] = [];
  const state = await readTrainerState(output, path);
  learner.restore(await readCheckpointTensors(output, path, learner), state.step);
  const host = learner.hostSchedule;
  if (state.schedule !== null) host?.restore(state.schedule);
  if (!best.restore(state.best)) {
    host?.forget();
    warnings.push(
      `The evaluations before step ${state.step} are by another measure or on other data: the best model is looked for among the next ones.`,
    );
  }
  if (manifest.finished && steps > manifest.steps) {
    best.renewPatience();
    warnings.push(
      `The run was finished after step ${state.step}; it goes on to step ${steps}, at the learning rates of a run of that length.`,
    );
  }
  return { state, warnings };
}

/** Takes the weights of the step; what hinders that, if the checkpoint does not verify. */
export async function restoreBest(output: Storage, learner: Learner, step: number): Promise<string | undefined> {
  try {
    const { path } = await requireCheckpoint(output, checkpointPath(step));
    learner.restore(await readCheckpointTensors(output, path, learner), step);
    return undefined;
  } catch (error) {
    if (!isAttuneError(error) || error.code !== 'E_CHECKPOINT') throw error;
    return `The best weights cannot be loaded, the last ones stay: ${error.message}`;
  }
}

/** As `spaceWarning`, of a run with these arguments. */
export function runSpaceWarning(
  output: Storage,
  learner: Learner,
  options: TrainingArguments,
): Promise<string | undefined> {
  const { adapted } = learner;
  const isFinished = ({ name }: ParameterSpec) => !adapted.adaptation.adapter || adapted.trainable.has(name);
  const limit = options.saveTotalLimit + (options.loadBestModelAtEnd ? 1 : 0);
  return spaceWarning(output, {
    checkpoint: learner.stateTypes().values(),
    kept: saveStrategyOf(options) === 'no' ? 0 : limit,
    model: adapted.parameters.filter(isFinished).map(({ type }) => type),
  });
}
