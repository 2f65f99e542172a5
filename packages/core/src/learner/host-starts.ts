/** Start values that the host computes from others, such as those of a decomposition. */
import type { HostTensor } from '@attune/ir';
import type { Model } from '../model.js';
import { unpackedWeights } from '../packed/unpacked-weights.js';
import type { ParameterSpec } from '../scope.js';
import type { AdaptedModel } from './adapted-model.js';
import { requireFiniteWeights } from './finite.js';
import { weightOf } from './weight-of.js';

type Weights = ReadonlyMap<string, HostTensor>;

/** A device that is opened again starts from the same values. */
const started = new WeakMap<AdaptedModel, Promise<AdaptedModel>>();

/** The model with the start values of all parameters. @throws AttuneError `E_NONFINITE` */
export function startOnHost(adapted: AdaptedModel): Promise<AdaptedModel> {
  const found = started.get(adapted) ?? withStarts(adapted);
  started.set(adapted, found);
  return found;
}

async function withStarts(adapted: AdaptedModel): Promise<AdaptedModel> {
  const { model, parameters, unstarted } = adapted;
  const weights = new Map([...adapted.weights, ...(await hostStarts(unstarted, model, adapted.weights))]);
  const inOrder = new Map(parameters.map(({ name }) => [name, weightOf(weights, name)]));
  return { ...adapted, weights: inOrder, unstarted: [] };
}

/**
 * The start values of those parameters that the host computes.
 * @param weights of the model that they start from
 * @throws AttuneError `E_NONFINITE`
 */
export async function hostStarts(
  parameters: readonly ParameterSpec[],
  model: Model,
  weights: Weights,
): Promise<Map<string, HostTensor>> {
  const values = new Map<string, HostTensor>();
  const full = unpackedWeights(model, weights);
  for (const { name, derivation } of parameters) {
    if (!derivation || !('load' in derivation)) continue;
    const compute = await derivation.load();
    values.set(name, compute(derivation.from.map((each) => weightOf(full, each))));
  }
  requireFiniteWeights(values);
  return values;
}
