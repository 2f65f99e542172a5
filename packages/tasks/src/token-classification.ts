import { encoderScope } from './encoder.js';
import { classifierModules, classifierPrefix, classify, hiddenStates } from './outputs.js';
import type { Task } from './task.js';

/** A class for each token: `logits` [batch, tokens, labels]. */
export const tokenClassificationTask = {
  name: 'token-classification',
  defaultLength: 128,
  classSuffix: 'ForTokenClassification',
  peftTaskType: 'TOKEN_CLS',
  labelModules: classifierModules,
  hasProblemType: false,
  headOn: (encoder) => ({
    prefixes: [classifierPrefix(encoder)],
    modules: classifierModules,
    classifier: classifierPrefix(encoder),
    forward(scope, inputs, options) {
      const states = encoder.states(encoderScope(scope, encoder), inputs);
      return { logits: classify(scope, encoder, states.last, options.labels), ...hiddenStates(states, options) };
    },
  }),
} as const satisfies Task;
