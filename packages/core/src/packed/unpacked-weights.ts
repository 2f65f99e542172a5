import { AttuneError, type HostTensor } from '@attune/ir';
import { describeModel } from '../describe-model.js';
import type { Model } from '../model.js';

/**
 * Weights in full precision: in place of the parts of packed ones f32 under the names of the weights. Others stay.
 * @throws AttuneError `E_WEIGHTS_MISMATCH` for a packed weight of which there are no parts
 */
export function unpackedWeights(model: Model, weights: ReadonlyMap<string, HostTensor>): Map<string, HostTensor> {
  const result = new Map(weights);
  if (!model.packed) return result;
  const shapes = new Map(describeModel(model).layers.map(({ path, shape }) => [`${path}.weight`, shape]));
  for (const [name, format] of model.packed.formats) {
    const own = weights.get(name);
    const shape = shapes.get(name);
    if (!own || !shape) throw new AttuneError('E_WEIGHTS_MISMATCH', `The weights have no "${name}".`, { field: name });
    if (own.type.dtype !== 'u8') continue;
    const parts = format.suffixes.flatMap((suffix) => {
      const tensor = weights.get(`${name}${suffix}`);
      return tensor ? [[suffix, tensor] as const] : [];
    });
    for (const suffix of format.suffixes) result.delete(`${name}${suffix}`);
    result.set(name, format.numbers(new Map(parts), shape));
  }
  return result;
}
