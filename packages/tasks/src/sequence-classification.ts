import { encoderScope } from './encoder.js';
import { classifierModules, classifierPrefix, classify, hiddenStates } from './outputs.js';
import type { Task } from './task.js';

/** One class, several, or numbers for each text: `logits` [batch, labels]. */
export const sequenceClassificationTask = {
  name: 'sequence-classification',
  defaultLength: 128,
  classSuffix: 'ForSequenceClassification',
  peftTaskType: 'SEQ_CLS',
  labelModules: classifierModules,
  hasProblemType: true,
  headOn: (encoder) => ({
    prefixes: [...encoder.textStatePrefixes, classifierPrefix(encoder)],
    modules: classifierModules,
    classifier: classifierPrefix(encoder),
    keeps: ['textState'],
    forward(scope, inputs, options) {
      const own = encoderScope(scope, encoder);
      const states = encoder.states(own, inputs);
      const text = encoder.textState(own, states.last, inputs);
      return { logits: classify(scope, encoder, text, options.labels), ...hiddenStates(states, options) };
    },
  }),
} as const satisfies Task;
