import type { Strategy, StrategyRecipe } from '@attune/core';
import { AttuneError } from '@attune/ir';
import { isInside } from './adapters/task-head.js';

/**
 * A linear layer on fixed features bears a high rate, and more epochs cost little, because the features are computed
 * once. Measured on the tasks of docs/defaults.md.
 */
const headRecipe: StrategyRecipe = { learningRate: () => 1e-2, epochFactor: 3 };

/**
 * Head only, also called linear probe: the task head trains on the frozen model's activations. The head is what stands
 * outside the encoder (of BERT `classifier`, `qa_outputs` or `cls`; the pooler is frozen with the encoder). The frozen
 * part runs without dropout, as in evaluation, so that its activations can be computed once per example; the head's own
 * dropout stays.
 */
export function head(): Strategy {
  return {
    name: 'head',
    recipe: headRecipe,
    options: {},
    adapt(model) {
      const { name, headModules: modules } = model.task;
      if (modules.length === 0) {
        throw new AttuneError('E_STRATEGY', `The strategy "head" needs a task with a head; "${name}" has none.`, {
          field: 'strategy',
        });
      }
      return {
        trainable: ({ name }) => modules.some((module) => isInside(name, module)),
        dropoutAt: (path) => modules.some((module) => isInside(path, module)),
      };
    },
  };
}
