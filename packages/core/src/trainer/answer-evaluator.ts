import { AttuneError, type HostTensor } from '@attune/ir';
import {
  answerOfWindow,
  type ContextWindow,
  chooseAnswer,
  type SpanOptions,
  type WindowAnswer,
} from '../decoding/answer-span.js';
import { answerReport } from '../metrics/question-answering.js';
import type { Evaluator } from './evaluator.js';

/**
 * SQuAD's exact match and F1, as shares, over the windows of all questions: `startLogits` and `endLogits`
 * [batch, tokens]. No answer is an answer where the data has questions without one.
 * @throws AttuneError (in `add`) `E_DATA` for batches that do not say where their windows come from
 */
export function answerEvaluator(options: SpanOptions = {}): Evaluator {
  const questions = new Map<number, { readonly source: ContextWindow; readonly windows: WindowAnswer[] }>();
  return {
    outputNames: ['startLogits', 'endLogits'],
    metricNames: ['exactMatch', 'f1'],
    mainMetric: 'f1',
    add({ startLogits, endLogits }, _, { windows }) {
      if (!windows) {
        throw new AttuneError('E_DATA', 'The batch does not hold the texts of its questions.', {
          field: 'windows',
          hint: 'Make the data set with encodeQuestionAnswering.',
        });
      }
      if (!startLogits || !endLogits) return;
      for (const [row, source] of windows.entries()) {
        const answer = answerOfWindow(source, rowOf(startLogits, row), rowOf(endLogits, row), options);
        const known = questions.get(source.question);
        if (known) known.windows.push(answer);
        else questions.set(source.question, { source, windows: [answer] });
      }
    },
    metrics() {
      const all = [...questions.values()];
      const mayBeNone = all.some(({ source }) => source.answers.length === 0);
      const predictions = all.map(({ source, windows }) => {
        const { start, end } = chooseAnswer(windows, mayBeNone);
        return source.context.slice(start, end);
      });
      const accepted = all.map(({ source: { answers } }) => (answers.length === 0 ? [''] : answers));
      const { exactMatch, f1 } = answerReport(accepted, predictions);
      return { exactMatch, f1 };
    },
  };
}

function rowOf({ type, data }: HostTensor, row: number): Float32Array {
  const width = type.shape[1]!;
  return Float32Array.from(data.subarray(row * width, (row + 1) * width));
}
