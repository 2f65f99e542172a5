import { encoderScope } from './encoder.js';
import { hiddenStates } from './outputs.js';
import type { Task } from './task.js';

/**
 * The next token: `logits` [batch, tokens, vocabulary]. A model of it writes texts. One with dropout before its scores also has
 * the states before and behind it, `lastHiddenState` and `droppedHiddenState`, for activation regularization.
 */
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
      carriesState: true,
      forward(scope, inputs, options) {
        const states = encoder.states(encoderScope(scope, encoder), inputs);
        const dropped = vocabulary.dropout?.(scope, states.last);
        const logits = vocabulary.scores(scope, dropped ?? states.last);
        const penalized = dropped && { lastHiddenState: states.last, droppedHiddenState: dropped };
        return { logits, ...penalized, ...hiddenStates(states, options), ...states.carried };
      },
    };
  },
} as const satisfies Task;
