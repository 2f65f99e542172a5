import { encoderScope } from './encoder.js';
import { classifierModules, classify, hiddenStates } from './outputs.js';
import type { Task } from './task.js';

/** One class, several, or numbers for each text: `logits` [batch, labels]. */
export const sequenceClassificationTask: Task = {
  name: 'sequence-classification',
  classSuffix: 'ForSequenceClassification',
  peftTaskType: 'SEQ_CLS',
  labelModules: classifierModules,
  hasProblemType: true,
  headOn: (encoder) => ({
    prefixes: [...encoder.textStatePrefixes, 'classifier.'],
    modules: classifierModules,
    classifier: 'classifier.',
    keeps: ['textState'],
    forward(scope, inputs, options) {
      const own = encoderScope(scope, encoder);
      const states = encoder.states(own, inputs);
      const text = encoder.textState(own, states.at(-1)!, inputs);
      return { logits: classify(scope, encoder, text, options.labels), ...hiddenStates(states, options) };
    },
  }),
};
