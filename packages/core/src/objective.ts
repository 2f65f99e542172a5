import type { HostTensor, Value } from '@attune/ir';
import type { Model, Values } from './model.js';

/** One batch on the host: tensors by field name, batch axis first. */
export type HostBatch = Readonly<Record<string, HostTensor>>;

/**
 * What training minimises. The loss is a sum over targets divided by the totals of the whole optimizer step, which are
 * counted on the host beforehand: so gradient accumulation gives the numbers of one large batch.
 */
export interface Objective {
  readonly name: string;
  /** All that its loss depends on beside the batch, as plain JSON: a resumed run must have the same. */
  readonly options: Readonly<Record<string, unknown>>;
  /** How many classes there are, if every target has one. */
  readonly classes?: number;
  /** The same with a weight for each class; absent if it has weights or no classes. */
  weighted?(classWeights: readonly number[]): Objective;
  /** Names of the counts, for instance `['targets']`. */
  readonly countNames: readonly string[];
  /** Batch fields that the loss reads beside the model's outputs (`labels`). */
  readonly labelNames: readonly string[];
  /** Names of the metrics that it returns with the loss; none by default. */
  readonly metricNames?: readonly string[];
  /** Names of those that it returns beside them if it is measured, not trained; none by default. */
  readonly evaluationMetricNames?: readonly string[];
  /** Frozen models that its loss asks beside the one that trains, such as a teacher, by their names; none by default. */
  readonly models?: Readonly<Record<string, FrozenModel>>;
  /** Of the batch fields, those whose rows are other examples than the batch's own; none by default. */
  readonly mixedNames?: readonly string[];
  /** What evaluations measure in its place; itself by default. */
  readonly measured?: Objective;
  /**
   * The counts of one batch, by name.
   * @param model the one that trains, under its strategies
   * @throws AttuneError `E_DATA` for labels outside the model's range.
   */
  counts(batch: HostBatch, model?: Pick<Model, 'predictsFirstToken'>): Readonly<Record<string, number>>;
  /** A scalar, or one with metrics: scalars too, which add up over micro-batches as the loss does. */
  loss(context: LossContext): Value | LossWithMetrics;
}

export interface FrozenModel {
  readonly model: Model;
  readonly weights: ReadonlyMap<string, HostTensor>;
  /** Names of the parameters that a tuned pass takes from these weights, such as those of its head; none by default. */
  readonly keeps?: ReadonlySet<string>;
}

export interface LossWithMetrics {
  readonly loss: Value;
  /** Exactly those that `metricNamesOf` lists. */
  readonly metrics: Values;
}

/** What a loss is made from. */
export interface LossContext {
  /** The outputs of a pass through a model. A pass that was asked for before is not computed again. */
  readonly forward: (pass?: ForwardPass) => Values;
  /** The batch fields of the objective's `labelNames`. */
  readonly batch: Values;
  /** Whether it is trained, not only measured. */
  readonly training: boolean;
  /** The counts of the whole optimizer step, f32 scalars. */
  readonly totals: Values;
}

/**
 * Which pass: by default the one through the model that trains, on the batch, with dropout in training. That one carries the
 * model's state on; other passes on the batch begin with the same state, those of the base, of another model or on other
 * inputs with none.
 */
export interface ForwardPass {
  /** Dropout masks are a function of this name: passes of two names are two samples. Empty by default. */
  readonly name?: string;
  /** Whether the strategies' rewrites apply, true by default; false asks the base, without dropout. */
  readonly adapters?: boolean;
  /** One of the objective's `models` in place of the one that trains, without dropout. */
  readonly model?: string;
  /** Whether that model reads the parameters that train, under the strategies and with dropout, but for those it `keeps`. */
  readonly isTuned?: boolean;
  /** What the model reads in place of the batch's fields, by the names of its inputs. */
  readonly inputs?: Values;
}

/** The names of the metrics that an objective returns. */
export const metricNamesOf = (
  { metricNames = [], evaluationMetricNames = [] }: Objective,
  training: boolean,
): readonly string[] => (training ? metricNames : [...metricNames, ...evaluationMetricNames]);

/** Padding and everything else that is no target. */
export const IGNORED_LABEL = -100;

/** Where the parameters of an objective's frozen model lie among those of the model that trains. */
export const frozenPath = (model: string): string => `models.${model}`;

/** The weights of an objective's frozen models, by the names that its programs give them. */
export const frozenWeights = ({ models = {} }: Objective): readonly (readonly [string, HostTensor])[] =>
  Object.entries(models).flatMap(([model, { weights }]) =>
    [...weights].map(([name, tensor]) => [`${frozenPath(model)}.${name}`, tensor] as const),
  );

export const withMetrics = (result: Value | LossWithMetrics): LossWithMetrics =>
  'loss' in result ? result : { loss: result, metrics: {} };
