import type { Strategy } from '@attune/core';
import { AttuneError } from '@attune/ir';
import { headModulesOf, isInside } from './task-head.js';

/**
 * Head only, also called linear probe: the task head trains on the frozen model's activations. The frozen part runs
 * without dropout, as in evaluation, so that its activations are computed once per example and cached.
 */
export function head(): Strategy {
  return {
    name: 'head',
    options: {},
    adapt(model) {
      const modules = headModulesOf(model.task);
      if (modules.length === 0) {
        throw new AttuneError('E_STRATEGY', `The strategy "head" needs a task with a head; "${model.task}" has none.`, {
          field: 'strategy',
        });
      }
      return {
        trainable: ({ name }) => modules.some((module) => isInside(name, module)),
        dropoutAt: () => false,
      };
    },
  };
}
