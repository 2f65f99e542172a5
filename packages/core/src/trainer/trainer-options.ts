import type { Storage } from '@attune/hub';
import { openDirectory } from '@attune/hub/directory';
import { AttuneError, type Backend } from '@attune/ir';
import type { SaveCheckpointOptions } from '../checkpoint/save.js';
import type { TokenizedDataset } from '../dataset.js';
import type { Learner } from '../learner/learner.js';
import type { Objective } from '../objective.js';
import type { Strategy } from '../strategy.js';
import { type EncodingWatch, encodedData, isEncoded, type TrainingData } from '../training-data.js';
import type { Evaluator } from './evaluator.js';
import type { Completion, TrainListener } from './events.js';
import type { TrainableModel } from './trainable-model.js';
import { type GivenArguments, parseTrainingArguments, type TrainingArgumentsInput } from './training-arguments.js';

export interface TrainerOptions<Answer = unknown, Input = string> extends TrainingArgumentsInput {
  readonly model: TrainableModel<Answer, Input>;
  /** The model's own by default. */
  readonly objective?: Objective;
  /** Batches, or examples such as the files of @attune/data, which are encoded for the model when they are needed. */
  readonly train: TrainingData;
  readonly evaluation?: TrainingData;
  /** Makes a fresh evaluator for each evaluation; the model's own by default, and without one only the loss counts. */
  readonly evaluator?: () => Evaluator;
  /** One strategy, or several that compose in their order. */
  readonly strategy: Strategy | readonly Strategy[];
  readonly backend: Backend;
  /** Where checkpoints and the finished model go: a path (in Node) or a Storage. No checkpoints without it. */
  readonly outputDir?: Storage | string;
  /** One listener or several, which are told every event of `train`. */
  readonly onEvent?: TrainListener | readonly TrainListener[];
  /**
   * Writes texts with the weights of now for an event, whenever an evaluation is due, or at the end of each epoch without
   * evaluations; `writeCompletions` of @attune/models makes one.
   */
  readonly logCompletions?: CompletionWriter;
  /** Called between the parts of a checkpoint's save. */
  readonly onSavePhase?: SaveCheckpointOptions['onPhase'];
}

/** @throws the signal's reason */
export type CompletionWriter = (
  learner: Pick<Learner, 'generate'>,
  signal: AbortSignal | undefined,
) => Promise<readonly Completion[]>;

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

/** A trainer's options with the model's defaults in place, and its directory opened. */
export interface ResolvedOptions<Answer = unknown, Input = never>
  extends Omit<TrainerOptions<Answer, Input>, 'outputDir'> {
  readonly objective: Objective;
  readonly output: Storage | undefined;
}

/** Options whose data are batches. */
export interface EncodedOptions extends Omit<ResolvedOptions, 'train' | 'evaluation'> {
  readonly train: TokenizedDataset;
  readonly evaluation?: TokenizedDataset;
}

export interface EncodedData {
  readonly options: EncodedOptions;
  /** About the model's files, or for instance that many texts were cut. */
  readonly warnings: readonly string[];
}

/**
 * Encodes what has to be; looks at the labels of all data before any are tokenized.
 * @returns with warnings about the model and the data
 * @throws AttuneError as `encodedData`
 */
export async function encodeOptions(
  { train, evaluation, ...options }: ResolvedOptions,
  watch: EncodingWatch = {},
): Promise<EncodedData> {
  const { model } = options;
  for (const data of [train, evaluation]) if (data && !isEncoded(data)) await model.check?.(data);
  const trained = await encodedData(train, model, watch);
  const dataset = options.balancedSampling
    ? await (await import('./balanced-data.js')).balancedData(trained.dataset)
    : trained.dataset;
  const evaluated = evaluation && (await encodedData(evaluation, model, watch));
  return {
    options: { ...options, train: dataset, ...(evaluated ? { evaluation: evaluated.dataset } : {}) },
    warnings: [...(model.warnings ?? []), ...trained.warnings, ...(evaluated?.warnings ?? [])],
  };
}

/** @throws AttuneError `E_CONFIG` where there is no objective, or for a path outside Node */
export function resolveOptions<Answer, Input>({
  outputDir,
  ...options
}: TrainerOptions<Answer, Input>): ResolvedOptions<Answer, Input> {
  const { model } = options;
  const objective = options.objective ?? model.objective;
  if (!objective) {
    throw new AttuneError('E_CONFIG', 'The options of training are wrong: objective is missing.', {
      field: 'objective',
      hint: 'This model has none of its own.',
    });
  }
  const evaluator = options.evaluator ?? model.evaluator;
  const output = outputDir === undefined ? undefined : openDirectory(outputDir);
  return { ...options, objective, ...(evaluator ? { evaluator } : {}), output };
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
  onEvent: _onEvent,
  logCompletions: _logCompletions,
  onSavePhase: _onSavePhase,
  ...rest
}: ResolvedOptions): GivenArguments {
  return requireArguments(rest, { evaluation: evaluation !== undefined, output: output !== undefined });
}

/** What a run has beside its arguments, which some of them need. */
export interface RunParts {
  readonly evaluation: boolean;
  readonly output: boolean;
}

/** Training arguments that fit a run. @throws AttuneError `E_CONFIG` */
export function requireArguments(options: TrainingArgumentsInput, { evaluation, output }: RunParts): GivenArguments {
  const parsed = parseTrainingArguments(options);
  if (parsed.loadBestModelAtEnd && !output) throw missing('loadBestModelAtEnd', 'an output directory');
  if (!evaluation && parsed.holdOutShare === 0) requireNoEvaluation(parsed);
  return parsed;
}

/** @throws AttuneError `E_CONFIG` that names the first argument that needs evaluations */
export function requireNoEvaluation(given: GivenArguments): void {
  const field = evaluationArgument(given);
  if (field !== undefined) throw missing(field, 'evaluation data');
}

/** The first argument that was given and needs evaluations. */
export function evaluationArgument(given: GivenArguments): string | undefined {
  if (given.loadBestModelAtEnd) return 'loadBestModelAtEnd';
  if (given.earlyStoppingPatience) return 'earlyStoppingPatience';
  return given.lrSchedulerType === 'reduce_lr_on_plateau' ? 'lrSchedulerType' : undefined;
}

const missing = (field: string, what: string): AttuneError =>
  new AttuneError('E_CONFIG', `The options of training are wrong: ${field} needs ${what}.`, { field });
