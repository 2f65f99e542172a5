import { initialize, type ParameterSpec } from '@attune/core';
import { AttuneError, type HostTensor } from '@attune/ir';

/** The first value of a parameter that no file holds. @throws AttuneError `E_WEIGHTS_MISMATCH` where it must be in one */
export function begin({ initializer, name, type }: ParameterSpec, seed: number): HostTensor {
  if (initializer) return initialize(initializer, type, seed, name);
  throw new AttuneError('E_WEIGHTS_MISMATCH', `The parameter ${name} cannot begin anew.`, { field: name });
}
