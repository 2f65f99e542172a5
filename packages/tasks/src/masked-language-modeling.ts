import { tokensAt } from '@attune/core';
import { encoderScope } from './encoder.js';
import { hiddenStates } from './outputs.js';
import type { Task } from './task.js';

/** The batch field of the tokens that a model scores, i32 [batch, predictions]; it scores all of them without it. */
export const PREDICTION_POSITIONS = 'predictionPositions';

/** Scores of all tokens for each masked one: `logits` [batch, tokens or predictions, vocabulary]. */
export const maskedLanguageModelingTask = {
  name: 'masked-language-modeling',
  defaultLength: 128,
  classSuffix: 'ForMaskedLM',
  peftTaskType: null,
  labelModules: [],
  hasProblemType: false,
  headOn({ vocabulary, ...encoder }) {
    if (!vocabulary || encoder.sees !== 'all') return undefined;
    return {
      ...vocabulary,
      optionalInputs: [PREDICTION_POSITIONS],
      keeps: ['vocabulary'],
      forward(scope, inputs, options) {
        const states = encoder.states(encoderScope(scope, encoder), inputs);
        const positions = inputs[PREDICTION_POSITIONS];
        const scored = positions ? tokensAt(states.last, positions) : states.last;
        return { logits: vocabulary.scores(scope, scored), ...hiddenStates(states, options) };
      },
    };
  },
} as const satisfies Task;
