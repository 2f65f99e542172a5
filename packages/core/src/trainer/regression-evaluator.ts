import { type NumberScores, regressionReport, severalNumbersReport } from '../metrics/regression.js';
import type { Evaluator } from './evaluator.js';

const scores = [
  'meanSquaredError',
  'meanAbsoluteError',
  'pearson',
  'spearman',
] as const satisfies readonly (keyof NumberScores)[];

/**
 * Errors and correlations of the numbers of each example, `logits` and `labels` [batch, numbers]: of several over all of
 * them and for each, as `pearson_NAME`. NaN labels count for nothing.
 * @param names the numbers in the order of the outputs; one by default
 */
export function regressionEvaluator(names: readonly string[] = ['']): Evaluator {
  const pairs = names.map((label) => ({ label, labels: [] as number[], predictions: [] as number[] }));
  const several = pairs.length > 1 ? pairs : [];
  const perNumber = (): readonly NumberScores[] =>
    several.map(({ label, labels, predictions }) => ({ label, ...regressionReport(labels, predictions) }));
  return {
    outputNames: ['logits'],
    metricNames: [...scores, ...several.flatMap(({ label }) => scores.map((score) => `${score}_${label}`))],
    add({ logits }, { labels }) {
      if (!logits || !labels) return;
      for (const [index, label] of labels.data.entries()) {
        if (Number.isNaN(label)) continue;
        const pair = pairs[index % pairs.length]!;
        pair.labels.push(label);
        pair.predictions.push(logits.data[index]!);
      }
    },
    metrics() {
      const each = perNumber().flatMap((report) => scores.map((score) => [`${score}_${report.label}`, report[score]]));
      return { ...severalNumbersReport(pairs), ...Object.fromEntries(each) };
    },
    ...(several.length > 0 ? { details: () => ({ perNumber: perNumber() }) } : {}),
  };
}
