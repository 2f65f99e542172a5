import type { Strategy } from '@attune/core';
import { isInside, modulesWithAdapter } from './adapters/task-head.js';
import { lowRankRecipe } from './low-rank.js';

/**
 * BitFit (Ben Zaken et al. 2022): all biases train, the head, and layers that no file has. The paper's rates are those of
 * LoRA (section 3: 1e-4 to 1e-3).
 */
export function bitfit(): Strategy {
  return {
    name: 'bitfit',
    recipe: lowRankRecipe,
    options: {},
    adapt(model, created = []) {
      const modules = modulesWithAdapter(model, created);
      return { trainable: ({ name }) => name.endsWith('.bias') || modules.some((module) => isInside(name, module)) };
    },
  };
}
