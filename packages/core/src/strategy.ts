import type { HostTensor } from '@attune/ir';
import type { Model } from './model.js';
import type { LayerRewrite, ParameterSpec } from './scope.js';

/** A phase of training: what trains in it, and from which fraction of the optimizer steps on. */
export interface Stage {
  readonly name: string;
  /** Fraction of all optimizer steps at which the stage begins; the first stage begins at 0. */
  readonly start: number;
  trainable(parameter: ParameterSpec): boolean;
}

export interface TrainingPlan {
  readonly steps: number;
  readonly epochs: number;
}

/**
 * A fine-tuning strategy: which parameters exist, which train, when, and how fast. Strategies compose: rewrites nest in
 * the order given, a later one decides over what an earlier one left trainable.
 */
export interface Strategy {
  readonly name: string;
  /** Its options as plain JSON, for checkpoints and the fingerprint of a run. */
  readonly options: Readonly<Record<string, unknown>>;
  /** @throws AttuneError `E_STRATEGY` where the strategy does not fit the model, naming what it looked for. */
  adapt(model: Model): Adaptation;
}

export interface Adaptation {
  /** Wraps layers by path; new parameters are asked from the layer's scope with an initializer. */
  readonly rewrite?: LayerRewrite;
  /** Whether the parameter trains. `before` is what the strategies before this one decided (false for the first). */
  trainable(parameter: ParameterSpec, before: boolean): boolean;
  /** Factor on the learning rate of a parameter, 1 where absent. */
  learningRateScale?(parameter: ParameterSpec): number;
  stages?(plan: TrainingPlan): readonly Stage[];
  /** Folds the strategy's parameters into the base: the weights of a plain model. */
  merge?(weights: ReadonlyMap<string, HostTensor>): ReadonlyMap<string, HostTensor>;
}
