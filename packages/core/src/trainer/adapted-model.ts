import type { HostTensor } from '@attune/ir';
import { AttuneError } from '@attune/ir';
import { initialize } from '../initializer.js';
import type { Model } from '../model.js';
import { inspectModel } from '../model-layers.js';
import type { LayerRewrite, ParameterSpec } from '../scope.js';
import { type Adaptation, combineAdaptations, type Strategy } from '../strategy.js';
import { requireFiniteWeights } from './finite.js';

/** A model under its strategies: all parameters with their values, and which of them train. */
export interface AdaptedModel {
  readonly model: Model;
  readonly adaptation: Adaptation;
  readonly rewrites: readonly LayerRewrite[];
  readonly parameters: readonly ParameterSpec[];
  readonly weights: ReadonlyMap<string, HostTensor>;
  readonly trainable: ReadonlySet<string>;
}

/**
 * Applies strategies in their order; parameters that they add begin by their initializers, those of the model never do.
 * @throws AttuneError `E_STRATEGY` where nothing trains, `E_WEIGHTS_MISMATCH` for a parameter of the model
 * without a value,
 * `E_NONFINITE` for weights with a NaN or an infinity
 */
export function adaptModel(
  model: Model,
  weights: ReadonlyMap<string, HostTensor>,
  strategies: readonly Strategy[],
  seed: number,
): AdaptedModel {
  const adaptation = combineAdaptations(strategies.map((strategy) => strategy.adapt(model)));
  const rewrites = adaptation.rewrite ? [adaptation.rewrite] : [];
  const { parameters } = inspectModel(model, rewrites);
  const trainable = new Set(parameters.filter((each) => adaptation.trainable(each, false)).map(({ name }) => name));
  if (trainable.size === 0) {
    throw new AttuneError('E_STRATEGY', `With ${strategies.map(({ name }) => name).join(', ')} no parameter trains.`, {
      field: 'strategy',
    });
  }
  const own = new Set(inspectModel(model).parameters.map(({ name }) => name));
  const values = new Map(
    parameters.map((parameter) => [parameter.name, initialValue(parameter, weights, own.has(parameter.name), seed)]),
  );
  requireFiniteWeights(values);
  return { model, adaptation, rewrites, parameters, weights: values, trainable };
}

function initialValue(
  { name, type, initializer }: ParameterSpec,
  weights: ReadonlyMap<string, HostTensor>,
  isOwn: boolean,
  seed: number,
): HostTensor {
  const known = weights.get(name);
  if (known) return known;
  if (initializer && !isOwn) return initialize(initializer, type, seed, name);
  throw new AttuneError('E_WEIGHTS_MISMATCH', `The weights have no "${name}".`, { field: name });
}
