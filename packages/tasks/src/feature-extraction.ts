import { normalizeRows } from '@attune/core';
import { hiddenStates } from './outputs.js';
import type { Task } from './task.js';

/** Hidden states and vectors of texts, without a head: `lastHiddenState`, `meanPooled`, and `normalized` at unit length. */
export const featureExtractionTask = {
  name: 'feature-extraction',
  defaultLength: 256,
  classSuffix: 'Model',
  peftTaskType: 'FEATURE_EXTRACTION',
  labelModules: [],
  hasProblemType: false,
  headOn: (encoder) => ({
    prefixes: [],
    modules: [],
    keeps: ['textState'],
    forward(scope, inputs, options) {
      const states = encoder.states(scope, inputs);
      const lastHiddenState = states.last;
      const meanPooled = encoder.mean(lastHiddenState, inputs);
      const hasPooler = options.outputPooler && encoder.textStatePrefixes.length > 0;
      return {
        lastHiddenState,
        meanPooled,
        normalized: normalizeRows(meanPooled),
        ...(hasPooler ? { poolerOutput: encoder.textState(scope, lastHiddenState, inputs) } : {}),
        ...hiddenStates(states, options),
      };
    },
  }),
} as const satisfies Task;
