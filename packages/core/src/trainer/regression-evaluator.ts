import {
  type NumberScores,
  regressionReport,
  regressionScores,
  scoreOfNumber,
  severalNumbersReport,
} from '../metrics/regression.js';
import type { Evaluator } from './evaluator.js';

/**
 * Errors and correlations of the numbers of each example, `logits` and `labels` [batch, numbers]: of several over all of
 * them and for each, as `pearson_NAME`. NaN labels count for nothing.
 * @param names the numbers in the order of the outputs; one by default
 */
export function regressionEvaluator(names: readonly string[] = []): Evaluator {
  const width = Math.max(names.length, 1);
  const lists = () => Array.from({ length: width }, (): number[] => []);
  const [labels, predictions] = [lists(), lists()];
  const perNumber = (): readonly NumberScores[] =>
    names.map((label, number) => ({ label, ...regressionReport(labels[number]!, predictions[number]!) }));
  const namesOfEach = names.flatMap((name) => regressionScores.map((score) => scoreOfNumber(score, name)));
  return {
    outputNames: ['logits'],
    metricNames: [...regressionScores, ...(width > 1 ? namesOfEach : [])],
    add({ logits }, { labels: truth }) {
      if (!logits || !truth) return;
      for (const [index, label] of truth.data.entries()) {
        if (Number.isNaN(label)) continue;
        labels[index % width]!.push(label);
        predictions[index % width]!.push(logits.data[index]!);
      }
    },
    metrics() {
      const over = severalNumbersReport(labels, predictions);
      if (width === 1) return { ...over };
      const each = perNumber().flatMap(({ label, ...scores }) =>
        regressionScores.map((score) => [scoreOfNumber(score, label), scores[score]] as const),
      );
      return { ...over, ...Object.fromEntries(each) };
    },
    ...(width > 1 ? { details: () => ({ perNumber: perNumber() }) } : {}),
  };
}
