import type { HostTensor } from '@attune/ir';
import { AttuneError } from '@attune/ir';
import { describeModel } from '../describe-model.js';
import { derive, initialize } from '../initializer.js';
import type { Model } from '../model.js';
import type { LayerRewrite, ParameterSpec } from '../scope.js';
import { type CombinedAdaptation, combineAdaptations, type Strategy } from '../strategy.js';
import { requireFiniteWeights } from './finite.js';
import { weightOf } from './weight-of.js';

/** A model under its strategies: all parameters with their values, and which of them train. */
export interface AdaptedModel {
  readonly model: Model;
  readonly adaptation: CombinedAdaptation;
  readonly rewrites: readonly LayerRewrite[];
  readonly parameters: readonly ParameterSpec[];
  /** Of all but `unstarted`. */
  readonly weights: ReadonlyMap<string, HostTensor>;
  /** Parameters whose start values the host has yet to compute: `startedModel` does. */
  readonly unstarted: readonly ParameterSpec[];
  readonly trainable: ReadonlySet<string>;
  /** What training changes: the parameters that train, and buffers. */
  readonly changing: ReadonlySet<string>;
}

/** @throws AttuneError `E_STRATEGY` if nothing trains */
export function requireTraining({ trainable }: AdaptedModel, strategies: readonly Strategy[]): void {
  if (trainable.size > 0) return;
  throw new AttuneError(
    'E_STRATEGY',
    `With ${strategies.map(({ name }) => name).join(', ') || 'no strategy'} no parameter trains.`,
    {
      field: 'strategy',
    },
  );
}

/** A model under its strategies, before its weights are looked at. */
export type PlannedModel = Omit<AdaptedModel, 'weights' | 'unstarted'>;

/**
 * Applies strategies in their order; without one nothing trains.
 * @param created parameters of the model that no file has
 * @throws AttuneError `E_STRATEGY` if a strategy does not fit the model
 */
export function planModel(
  model: Model,
  strategies: readonly Strategy[],
  created: readonly string[] = [],
): PlannedModel {
  const adaptation = combineAdaptations(strategies.map((strategy) => strategy.adapt(model, created)));
  const { rewrites } = adaptation;
  const adapted = adaptation.wrap?.(model) ?? model;
  const { parameters } = describeModel(adapted, rewrites);
  const trained = parameters.filter((each) => !each.isBuffer && adaptation.trainable(each, false));
  const packed = trained.find(({ isPacked }) => isPacked);
  if (packed) throw trainsPacked(packed, strategies);
  const trainable = new Set(trained.map(({ name }) => name));
  const buffers = parameters.filter(({ isBuffer }) => isBuffer).map(({ name }) => name);
  const changing = new Set([...trainable, ...buffers]);
  return { model: adapted, adaptation, rewrites, parameters, trainable, changing };
}

function trainsPacked({ name }: ParameterSpec, strategies: readonly Strategy[]): AttuneError {
  const by = strategies.map((strategy) => strategy.name).join(', ');
  return new AttuneError('E_STRATEGY', `${by} trains ${name}, which is packed in few bits.`, {
    field: name,
    hint: 'Train an adapter, such as LoRA, and name no packed layer in modulesToSave; or leave the base unpacked.',
  });
}

/**
 * A model under its strategies with all values; parameters that strategies add begin by their initializers.
 * @param created parameters of the model that no file has
 * @throws AttuneError `E_WEIGHTS_MISMATCH` for a parameter of the model without a value, `E_NONFINITE` for weights with a
 * NaN or an infinity, and as `planModel`
 */
export function adaptModel(
  model: Model,
  weights: ReadonlyMap<string, HostTensor>,
  strategies: readonly Strategy[],
  seed: number,
  created: readonly string[] = [],
): AdaptedModel {
  const planned = planModel(model, strategies, created);
  const own = new Set(describeModel(model).parameters.map(({ name }) => name));
  const isNew = (each: ParameterSpec) =>
    planned.adaptation.startsAnew?.(each, planned.changing.has(each.name)) ||
    (!own.has(each.name) && !weights.has(each.name));
  const values = new Map<string, HostTensor>();
  const unstarted = planned.parameters.filter((each) => isNew(each) && each.derivation && 'load' in each.derivation);
  const started = planned.parameters.filter((each) => !unstarted.includes(each));
  for (const each of started.toSorted(derivedLast)) {
    values.set(each.name, isNew(each) ? start(each, values, seed) : weightOf(weights, each.name));
  }
  const inOrder = new Map(started.map(({ name }) => [name, weightOf(values, name)]));
  requireFiniteWeights(inOrder);
  return { ...planned, weights: inOrder, unstarted };
}

/** The same with all values. */
export async function startedModel(adapted: AdaptedModel): Promise<AdaptedModel> {
  return adapted.unstarted.length === 0 ? adapted : (await import('./host-starts.js')).startOnHost(adapted);
}

/** What starts from other parameters comes after them. */
const derivedLast = (a: ParameterSpec, b: ParameterSpec): number => Number(!!a.derivation) - Number(!!b.derivation);

/** The value that a strategy's parameter starts with. */
function start(
  { name, type, initializer, derivation }: ParameterSpec,
  values: ReadonlyMap<string, HostTensor>,
  seed: number,
): HostTensor {
  if (initializer) return initialize(initializer, type, seed, name);
  if (!derivation || 'load' in derivation) return weightOf(values, name);
  return derive(
    derivation,
    derivation.from.map((each) => weightOf(values, each)),
  );
}
