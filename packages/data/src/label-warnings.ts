import { difference, lookalikes } from './lookalikes.js';

/** What labels of texts look like that were meant as something else. @param labels one of each row */
export function labelWarnings(file: string, labels: readonly string[]): readonly string[] {
  const distinct = new Set(labels);
  const warnings: string[] = [];
  if (labels.length >= 3 && distinct.size === labels.length) {
    warnings.push(
      `Each of the ${labels.length} rows of ${file} has a label of its own, so there is nothing to learn: is the label column the right one? Numbers are the problem type "regression".`,
    );
  }
  const list = labels.find((label) => /^\[.*\]$|^\{.*\}$/s.test(label));
  if (list !== undefined) {
    warnings.push(
      `${file} has labels such as ${list.slice(0, 60)}, which look like lists but count as one label each. Several labels of a text are arrays in JSON Lines, or stand between | in one column, with the problem type "multi_label_classification".`,
    );
  }
  for (const [one, other] of lookalikes(distinct).slice(0, 5)) {
    warnings.push(`${file} has the label "${one}" in two spellings that look alike: ${difference(other, one)}.`);
  }
  return warnings;
}
