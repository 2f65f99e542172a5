import type { LayerInfo } from '@attune/core';
import {
  AttuneError,
  add,
  type HostTensor,
  interpret,
  matmul,
  mul,
  ProgramBuilder,
  transpose,
  type Value,
} from '@attune/ir';
import type { LoraPlan } from './lora.js';
import { isAdapterParameter } from './names.js';
import type { LoraSettings } from './options.js';

type Weights = ReadonlyMap<string, HostTensor>;

/**
 * The weights with W + scaling * B A in place of each adapted W (and the B bias added), and without the adapter's own
 * parameters. Computed in float64 by the reference interpreter.
 * @throws AttuneError `E_WEIGHTS_MISMATCH` for weights without the adapter
 */
export function mergeLora(weights: Weights, plan: LoraPlan): Map<string, HostTensor> {
  const merged = withUpdates(weights, weights, plan, 1);
  for (const name of weights.keys()) if (isAdapterParameter(name, plan.settings.adapterName)) merged.delete(name);
  return merged;
}

/**
 * Takes a merged adapter out again: W - scaling * B A, up to rounding, and the adapter's parameters beside it. What
 * `modulesToSave` and `bias` trained stays as it is.
 * @param adapter weights that hold the adapter's parameters
 */
export function unmergeLora(merged: Weights, adapter: Weights, plan: LoraPlan): Map<string, HostTensor> {
  const own = [...adapter].filter(([name]) => isAdapterParameter(name, plan.settings.adapterName));
  return new Map([...withUpdates(merged, adapter, plan, -1), ...own]);
}

function withUpdates(
  weights: Weights,
  adapter: Weights,
  { settings, targets }: LoraPlan,
  sign: 1 | -1,
): Map<string, HostTensor> {
  const changed = new Map(weights);
  for (const layer of targets.values()) {
    const scaling = sign * layer.scaling;
    const weight = `${layer.path}.weight`;
    const update = [at(weights, weight), ...matrices(adapter, layer, settings)];
    const isEmbedding = layer.kind === 'embedding';
    changed.set(
      weight,
      compute(update, ([base, a, b]) => {
        const product = matmul(b!, a!);
        return add(base!, mul(isEmbedding ? transpose(product, [1, 0]) : product, scaling));
      }),
    );
    if (settings.loraBias && !isEmbedding) {
      const bias = `${layer.path}.bias`;
      const own = at(adapter, `${layer.path}.lora_B.${settings.adapterName}.bias`);
      changed.set(
        bias,
        compute([at(weights, bias), own], ([base, update]) => add(base!, mul(update!, scaling))),
      );
    }
  }
  return changed;
}

function matrices(adapter: Weights, { path, kind }: LayerInfo, { adapterName }: LoraSettings): readonly HostTensor[] {
  return ['A', 'B'].map((side) =>
    at(
      adapter,
      kind === 'embedding'
        ? `${path}.lora_embedding_${side}.${adapterName}`
        : `${path}.lora_${side}.${adapterName}.weight`,
    ),
  );
}

function at(weights: Weights, name: string): HostTensor {
  const tensor = weights.get(name);
  if (tensor) return tensor;
  throw new AttuneError('E_WEIGHTS_MISMATCH', `The weights have no "${name}".`, { field: name });
}

function compute(tensors: readonly HostTensor[], formula: (values: readonly Value[]) => Value): HostTensor {
  const builder = new ProgramBuilder('merge');
  const values = tensors.map(({ type }, index) => builder.input(`x${index}`, type));
  return interpret(builder.finish({ result: formula(values) }), tensors)[0]!;
}
