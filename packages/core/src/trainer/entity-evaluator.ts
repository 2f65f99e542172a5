import { argmaxRows } from '../metrics/argmax-rows.js';
import { entityReport } from '../metrics/entities.js';
import { IGNORED_LABEL } from '../objective.js';
import type { Evaluator } from './evaluator.js';

/**
 * Precision, recall and F1 of entities, and the accuracy of tags: of one tag per token, `logits` [batch, tokens, tags]
 * and `labels` [batch, tokens]. Tokens with the ignored label count for nothing.
 * @param names the tags (`B-person`, `O` …) in the order of the outputs
 */
export function entityEvaluator(names: readonly string[]): Evaluator {
  const labels: string[][] = [];
  const predictions: string[][] = [];
  return {
    outputNames: ['logits'],
    metricNames: ['precision', 'recall', 'f1', 'accuracy', 'macroF1'],
    mainMetric: 'f1',
    add({ logits }, { labels: truth }) {
      if (!logits || !truth) return;
      const [rows = 0, tokens = 0] = truth.type.shape;
      const predicted = argmaxRows(logits);
      for (let row = 0; row < rows; row++) {
        const places = Array.from({ length: tokens }, (_, token) => row * tokens + token).filter(
          (place) => truth.data[place] !== IGNORED_LABEL,
        );
        if (places.length === 0) continue;
        labels.push(places.map((place) => names[truth.data[place]!]!));
        predictions.push(places.map((place) => names[predicted[place]!]!));
      }
    },
    metrics() {
      const { precision, recall, f1, accuracy, macroF1 } = entityReport(labels, predictions);
      return { precision, recall, f1, accuracy, macroF1 };
    },
    details: () => ({ perClass: entityReport(labels, predictions).perType }),
  };
}
