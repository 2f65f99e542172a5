import type { Storage } from '@attune/hub';
import { AttuneError, type Backend, type HostTensor } from '@attune/ir';
import type { SaveOptions } from '../checkpoint/save.js';
import type { TokenizedDataset } from '../dataset.js';
import type { Model } from '../model.js';
import type { Objective } from '../objective.js';
import { lrSchedulerTypes } from '../schedules/from-options.js';
import type { Strategy } from '../strategy.js';
import type { Evaluator } from './evaluator.js';
import { parseTrainingArguments, type TrainingArguments, type TrainingArgumentsInput } from './training-arguments.js';

/** A model with its weights, as @attune/models loads it. */
export interface TrainableModel {
  readonly model: Model;
  readonly weights: ReadonlyMap<string, HostTensor>;
}

export interface TrainerOptions extends TrainingArgumentsInput {
  readonly model: TrainableModel;
  readonly objective: Objective;
  readonly train: TokenizedDataset;
  readonly evaluation?: TokenizedDataset;
  /** Makes a fresh evaluator for each evaluation; without one only the loss is measured. */
  readonly evaluator?: () => Evaluator;
  /** One strategy, or several that compose in their order. */
  readonly strategy: Strategy | readonly Strategy[];
  readonly backend: Backend;
  /** Where checkpoints are kept; none are written without it. */
  readonly output?: Storage;
  /** Called between the parts of a checkpoint's save. */
  readonly onSavePhase?: SaveOptions['onPhase'];
}

export interface TrainOptions {
  readonly signal?: AbortSignal;
  /**
   * `true` goes on from the newest checkpoint that verifies, and begins anew where there is none; a path names one
   * checkpoint and must verify.
   */
  readonly resume?: boolean | string;
  /** Settings that may differ from those of the checkpoint, by the names that `E_RESUME_MISMATCH` gives. */
  readonly allowChange?: readonly string[];
}

/** The training arguments among a trainer's options, checked. @throws AttuneError `E_CONFIG` */
export function argumentsOf({
  model: _model,
  objective: _objective,
  train: _train,
  evaluation,
  evaluator: _evaluator,
  strategy: _strategy,
  backend: _backend,
  output,
  onSavePhase: _onSavePhase,
  ...rest
}: TrainerOptions): TrainingArguments {
  const parsed = parseTrainingArguments(rest);
  const missing = (field: string, what: string) =>
    new AttuneError('E_CONFIG', `The options of training are wrong: ${field} needs ${what}.`, { field });
  if (parsed.loadBestModelAtEnd && !output) throw missing('loadBestModelAtEnd', 'an output directory');
  if (evaluation) return parsed;
  if (parsed.loadBestModelAtEnd) throw missing('loadBestModelAtEnd', 'evaluation data');
  if (parsed.earlyStoppingPatience !== undefined) throw missing('earlyStoppingPatience', 'evaluation data');
  const [plateau] = lrSchedulerTypes.filter((name) => name === 'reduce_lr_on_plateau');
  if (plateau && parsed.lrSchedulerType === plateau) throw missing('lrSchedulerType', 'evaluation data');
  return parsed;
}
