import { AttuneError, type HostTensor } from '@attune/ir';

/** @throws AttuneError `E_WEIGHTS_MISMATCH` */
export function weightOf(values: ReadonlyMap<string, HostTensor>, name: string): HostTensor {
  const value = values.get(name);
  if (value) return value;
  throw new AttuneError('E_WEIGHTS_MISMATCH', `The weights have no "${name}".`, { field: name });
}
