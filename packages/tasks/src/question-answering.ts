import { linear } from '@attune/core';
import { reshape, sliceAxis } from '@attune/ir';
import { encoderScope } from './encoder.js';
import { hiddenStates } from './outputs.js';
import type { Task } from './task.js';

/** The span of a context that answers a question: `startLogits` and `endLogits` [batch, tokens]. */
export const questionAnsweringTask = {
  name: 'question-answering',
  defaultLength: 384,
  classSuffix: 'ForQuestionAnswering',
  peftTaskType: 'QUESTION_ANS',
  labelModules: [],
  hasProblemType: false,
  headOn: (encoder) =>
    encoder.sees === 'all'
      ? {
          prefixes: ['qa_outputs.'],
          modules: ['qa_outputs'],
          forward(scope, inputs, options) {
            const states = encoder.states(encoderScope(scope, encoder), inputs);
            const logits = linear(scope, 'qa_outputs', states.last, 2, { initializer: encoder.initializer });
            const side = (index: number) =>
              reshape(sliceAxis(logits, 2, index, index + 1), logits.type.shape.slice(0, 2));
            return { startLogits: side(0), endLogits: side(1), ...hiddenStates(states, options) };
          },
        }
      : undefined,
} as const satisfies Task;
