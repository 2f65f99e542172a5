/** Adapters in and out of the weights of their base, computed in float64 by the reference interpreter. */
import { Scope, type WeightLayerCall, type WeightLayerKind } from '@attune/core';
import { unpackedWeights } from '@attune/core/internal';
import { AttuneError, add, type HostTensor, interpret, mul, type Program, ProgramBuilder } from '@attune/ir';
import { type AdaptedLayer, adaptedLayer } from './adapted-layer.js';
import { changedWeight, type LayerChange } from './layer-change.js';
import { type AdapterPlan, type Folding, type Weights, withoutOwn } from './method.js';

/**
 * The weights with the adapter in those of the base, and without the adapter's own parameters; of a packed base in full
 * precision, for the model that `packed.unpacked` is.
 * @throws AttuneError `E_WEIGHTS_MISMATCH` for weights without the adapter, `E_STRATEGY` for a method that no weights can
 * hold, such as virtual tokens
 */
export function mergeAdapter(weights: Weights, plan: AdapterPlan): Map<string, HostTensor> {
  if (plan.folding) return withoutOwn(plan.folding.merge(unpackedWeights(plan.model, weights)), plan);
  throw new AttuneError('E_STRATEGY', `An adapter of ${plan.method} cannot be merged: it changes no weights.`, {
    field: 'strategy',
    hint: 'Use the adapter directory itself wherever a model is taken.',
  });
}

/**
 * Takes a merged adapter out again, up to rounding, and puts the adapter's parameters beside it. What `modulesToSave` and
 * `bias` trained stays as it is.
 * @param adapter weights that hold the adapter's parameters
 * @throws AttuneError `E_STRATEGY` for a method whose merging loses what the base was
 */
export function unmergeAdapter(merged: Weights, adapter: Weights, plan: AdapterPlan): Map<string, HostTensor> {
  const unmerge = plan.folding?.unmerge;
  if (!unmerge) {
    throw new AttuneError('E_STRATEGY', `An adapter of ${plan.method} cannot be taken out of merged weights.`, {
      field: 'strategy',
      hint: "Keep the base's weights.",
    });
  }
  return new Map([...unmerge(merged, adapter), ...[...adapter].filter(([name]) => plan.own(name))]);
}

export interface FoldedLayer {
  readonly path: string;
  readonly kind: WeightLayerKind;
  readonly shape: readonly number[];
}

/** How layers that change so go into weights. */
export function foldingOf(
  layers: readonly FoldedLayer[],
  change: (layer: AdaptedLayer) => LayerChange,
  adapterName: string,
): Folding {
  const replaced = (weights: Weights, adapter: Weights, sign: 1 | -1) => {
    const result = new Map(weights);
    for (const layer of layers) {
      const ofBase = [`${layer.path}.weight`, `${layer.path}.bias`];
      const { program } = weightProgram(layer, sign, weights.has(`${layer.path}.bias`));
      const inputs = program.inputs.map(({ name }) => weightOf(ofBase.includes(name) ? weights : adapter, name));
      const outputs = interpret(program, inputs);
      for (const [index, { name }] of program.outputs.entries()) result.set(`${layer.path}.${name}`, outputs[index]!);
    }
    return result;
  };
  // A factor on the outputs depends on the weight from before, which merging loses; one of 0 cannot be taken out.
  const isReversible = layers.every((layer) => weightProgram(layer, 1, false).isSum);
  return {
    merge: (weights) => replaced(weights, weights, 1),
    ...(isReversible ? { unmerge: (merged: Weights, adapter: Weights) => replaced(merged, adapter, -1) } : {}),
  };

  /** From the weight, the bias and the adapter's parameters of a layer to its new weight, and its bias if that changes. */
  function weightProgram(
    { path, kind, shape }: FoldedLayer,
    sign: 1 | -1,
    hasBias: boolean,
  ): { program: Program; isSum: boolean } {
    const builder = new ProgramBuilder(`merge ${path}`);
    const declare: ConstructorParameters<typeof Scope>[0]['declare'] = ({ name, type }) => builder.input(name, type);
    const scope = new Scope({ builder, rewrites: [], dropout: undefined, declare }, path);
    const layer: Pick<WeightLayerCall, 'kind' | 'scope' | 'shape' | 'weight'> = {
      kind,
      scope,
      shape,
      weight: () => scope.parameter('weight', shape),
    };
    const changed = change(adaptedLayer(layer, adapterName));
    const { bias, outputScale, delta, output } = changed;
    const program = builder.finish({
      weight: changedWeight(layer, changed, sign),
      ...(bias ? { bias: add(scope.parameter('bias', bias.type.shape), mul(bias, sign)) } : {}),
      ...(output && hasBias ? { bias: mul(scope.parameter('bias', output.type.shape), output) } : {}),
    });
    return { program, isSum: outputScale === undefined && delta.length > 0 };
  }
}

export function weightOf(weights: Weights, name: string): HostTensor {
  const tensor = weights.get(name);
  if (tensor) return tensor;
  throw new AttuneError('E_WEIGHTS_MISMATCH', `The weights have no "${name}".`, { field: name });
}
