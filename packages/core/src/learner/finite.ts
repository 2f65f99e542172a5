/** Numbers that are not finite: found before they reach a checkpoint, a model or the user. */
import { AttuneError, type HostTensor } from '@attune/ir';

const isFloating = ({ type }: HostTensor): boolean => type.dtype === 'f32';

/** The first tensor with a NaN or an infinity, with the index of the element: `weight[17]`. */
export function firstNonFinite(tensors: Iterable<readonly [string, HostTensor]>): string | undefined {
  for (const [name, tensor] of tensors) {
    if (!isFloating(tensor)) continue;
    const { data } = tensor;
    for (let index = 0; index < data.length; index++) if (!Number.isFinite(data[index])) return `${name}[${index}]`;
  }
  return undefined;
}

/** @throws AttuneError `E_NONFINITE` that names the tensor */
export function requireFiniteWeights(weights: ReadonlyMap<string, HostTensor>): void {
  const bad = firstNonFinite(weights);
  if (bad === undefined) return;
  throw new AttuneError('E_NONFINITE', `The weights are not finite: ${bad}.`, {
    field: bad.slice(0, bad.lastIndexOf('[')),
    hint: 'The file is damaged, or its training diverged.',
  });
}
