/** What a run's arguments make of optimizer, schedule, clipping and parameter groups. */
import { optimizerFromOptions } from '../optimizers/from-options.js';
import { scheduleFromOptions } from '../schedules/from-options.js';
import type { LayerKind, ParameterSpec } from '../scope.js';
import type { StepOptions } from '../train-step.js';
import type { TrainingArguments } from '../trainer/training-arguments.js';
import type { AdaptedModel } from './adapted-model.js';

/** The arguments that the step programs are made of. */
export interface StepArguments
  extends Pick<
    TrainingArguments,
    'seed' | 'emaDecay' | 'numTrainEpochs' | 'weightDecay' | 'maxGradNorm' | 'gradientCheckpointing'
  > {
  /** Which parameters `weightDecay` is for; all but biases and norms by default. */
  readonly decays?: (parameter: ParameterSpec) => boolean;
}

/** The arguments that optimizer and schedule are made of. */
export type RuleArguments = Pick<
  TrainingArguments,
  | 'optim'
  | 'adamBeta1'
  | 'adamBeta2'
  | 'adamEpsilon'
  | 'optimArgs'
  | 'lrSchedulerType'
  | 'lrSchedulerKwargs'
  | 'learningRate'
  | 'warmupSteps'
  | 'warmupRatio'
>;

export type StepRules = Pick<StepOptions, 'optimizer' | 'schedule'>;

/**
 * The optimizer and the schedule that the arguments name.
 * @param steps optimizer steps in all
 * @throws AttuneError `E_CONFIG` for options that they do not take
 */
export async function stepRules(options: RuleArguments, steps: number): Promise<StepRules> {
  return {
    optimizer: await optimizerFromOptions({
      optim: options.optim,
      adamBeta1: options.adamBeta1,
      adamBeta2: options.adamBeta2,
      adamEpsilon: options.adamEpsilon,
      optimArgs: options.optimArgs,
    }),
    schedule: await scheduleFromOptions({
      lrSchedulerType: options.lrSchedulerType,
      learningRate: options.learningRate,
      trainingSteps: steps,
      warmupSteps: options.warmupSteps,
      warmupRatio: options.warmupRatio,
      lrSchedulerKwargs: options.lrSchedulerKwargs,
    }),
  };
}

/**
 * The options of the step programs, for all parameters that ever train.
 * @param firstSteps the step at which each parameter begins to train
 */
export function stepOptions(
  { parameters, trainable, adaptation }: AdaptedModel,
  { weightDecay, maxGradNorm, decays = decaysByDefault }: StepArguments,
  rules: StepRules,
  firstSteps: ReadonlyMap<string, number>,
): StepOptions {
  return {
    ...rules,
    updates: parameters
      .filter(({ name }) => trainable.has(name))
      .map((parameter) => ({
        parameter,
        learningRateScale: adaptation.learningRateScale?.(parameter) ?? 1,
        weightDecay: decays(parameter) ? weightDecay : 0,
        firstStep: firstSteps.get(parameter.name) ?? 0,
        penalties: adaptation.penalties(parameter),
      })),
    ...(maxGradNorm > 0 ? { clip: { maxNorm: maxGradNorm } } : {}),
  };
}

const layersDecay: Readonly<Record<LayerKind, boolean>> = {
  linear: true,
  embedding: true,
  layer_norm: false,
  rms_norm: false,
  attention: true,
  batch_norm: false,
  convolution: true,
  lstm: true,
};

/** transformers' rule: biases and norms do not decay. What a norm is, its kind says and not its name. */
const decaysByDefault = ({ name, layerKind }: ParameterSpec): boolean =>
  !/(^|\.)bias(_|$)/.test(name) && (layerKind === undefined || layersDecay[layerKind]);
