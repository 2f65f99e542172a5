import type { Evaluator } from './evaluator.js';

/** Perplexity, e to the loss, of language models. */
export const perplexityEvaluator = (): Evaluator => ({
  outputNames: [],
  metricNames: ['perplexity'],
  add() {},
  metrics: (loss) => ({ perplexity: Math.exp(loss) }),
});
