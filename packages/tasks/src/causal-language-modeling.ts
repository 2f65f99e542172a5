import { encoderScope } from './encoder.js';
import { hiddenStates } from './outputs.js';
import type { Task } from './task.js';

/** The next token: `logits` [batch, tokens, vocabulary]. A model of it writes texts. */
export const causalLanguageModelingTask = {
  name: 'causal-language-modeling',
  defaultLength: 256,
  classSuffix: 'ForCausalLM',
  peftTaskType: 'CAUSAL_LM',
  labelModules: [],
  hasProblemType: false,
  headOn({ vocabulary, ...encoder }) {
    if (!vocabulary || encoder.sees !== 'earlier') return undefined;
    return {
      ...vocabulary,
      keeps: ['vocabulary'],
      forward(scope, inputs, options) {
        const states = encoder.states(encoderScope(scope, encoder), inputs);
        const logits = vocabulary.scores(scope, states.last);
        return { logits, ...hiddenStates(states, options), ...states.cache };
      },
    };
  },
} as const satisfies Task;
