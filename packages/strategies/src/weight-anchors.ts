import { namedValue, type Penalty } from '@attune/core';
import { type HostTensor, mul, sub } from '@attune/ir';

/** strength / 2 * |w|^2 */
export const towardZero = (strength: number): Penalty => ({
  reads: [],
  tensors: () => ({}),
  gradient: (parameter) => mul(parameter, strength),
});

/**
 * strength / 2 * sum of importance * (w - start)^2
 * @param importance of each element; 1 everywhere if absent
 */
export const towardStart = (strength: number, importance?: HostTensor): Penalty => ({
  reads: importance ? ['start', 'importance'] : ['start'],
  tensors: (start) => ({ start, ...(importance ? { importance } : {}) }),
  gradient(parameter, tensors) {
    const pull = mul(sub(parameter, namedValue(tensors, 'start')), strength);
    return importance ? mul(namedValue(tensors, 'importance'), pull) : pull;
  },
});
