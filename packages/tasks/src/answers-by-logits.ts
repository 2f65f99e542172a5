import type { Tokenizer } from '@attune/hub';
import type { TaskUse } from './task.js';

type Texts = Parameters<Tokenizer['encode']>[0];

/**
 * How a task answers that reads one text, or a pair, from a row of the output `logits`.
 * @param answerOf takes the logits of one text
 */
export const answersByLogits = <Answer, Input extends Texts[number]>(
  tokenizer: Tokenizer,
  maxLength: number,
  answerOf: (logits: Float32Array) => Answer,
): NonNullable<TaskUse<Answer, Input>['text']> => ({
  outputNames: ['logits'],
  async encode(inputs) {
    const encodings = await tokenizer.encode(inputs, { truncation: true, maxLength });
    return encodings.map(({ ids, typeIds, truncated }) => ({
      rows: [{ ids, typeIds, truncated }],
      answer: ([outputs]) => answerOf(outputs!.logits!),
    }));
  },
});
