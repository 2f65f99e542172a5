import { AttuneError, add, type HostTensor, interpret, matmul, mul, ProgramBuilder, transpose, type Value } from '@attune/ir';
import { isAdapterParameter, type LoraPlan } from './lora.js';
import { scaleOf } from './targets.js';

/**
 * The weights with W + scaling * B A in place of each adapted W (and the B bias added), and without the adapter's own
 * parameters. Computed in float64 by the reference interpreter.
 */
export function mergeLora(weights: ReadonlyMap<string, HostTensor>, { settings, targets }: LoraPlan): Map<string, HostTensor> {
  const merged = new Map([...weights].filter(([name]) => !isAdapterParameter(name, settings.adapterName)));
  const at = (name: string): HostTensor => {
    const tensor = weights.get(name);
    if (tensor) return tensor;
    throw new AttuneError('E_WEIGHTS_MISMATCH', `The weights have no "${name}".`, { field: name });
  };
  const { adapterName } = settings;
  for (const { path, kind } of targets) {
    const { scaling } = scaleOf(path, settings);
    const weight = `${path}.weight`;
    if (kind === 'embedding') {
      const [a, b] = ['A', 'B'].map((side) => at(`${path}.lora_embedding_${side}.${adapterName}`));
      merged.set(weight, compute([at(weight), a!, b!], ([w, left, right]) => add(w!, mul(transpose(matmul(right!, left!), [1, 0]), scaling))));
      continue;
    }
    const [a, b] = ['A', 'B'].map((side) => at(`${path}.lora_${side}.${adapterName}.weight`));
    merged.set(weight, compute([at(weight), a!, b!], ([w, left, right]) => add(w!, mul(matmul(right!, left!), scaling))));
    if (settings.loraBias) {
      const bias = at(`${path}.lora_B.${adapterName}.bias`);
      merged.set(`${path}.bias`, compute([at(`${path}.bias`), bias], ([base, own]) => add(base!, mul(own!, scaling))));
    }
  }
  return merged;
}

function compute(tensors: readonly HostTensor[], formula: (values: readonly Value[]) => Value): HostTensor {
  const builder = new ProgramBuilder('merge');
  const values = tensors.map(({ type }, index) => builder.input(`x${index}`, type));
  return interpret(builder.finish({ result: formula(values) }), tensors)[0]!;
}
