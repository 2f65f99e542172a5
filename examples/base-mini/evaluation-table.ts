/** The model card's table. */
import { type TaskName, taskNames, tasks } from './evaluation-data.js';
import type { ModelName } from './evaluation-models.js';

export interface EvaluationResult {
  readonly task: TaskName;
  readonly model: ModelName;
  readonly seed: number;
  /** 0 to 1. */
  readonly score: number;
  readonly seconds: number;
}

export const resultKey = ({ task, model, seed }: Pick<EvaluationResult, 'task' | 'model' | 'seed'>): string =>
  `${task}/${model}/${seed}`;

/** Markdown: a row for each model, a column for each task, mean and (with several seeds) standard deviation in percent. */
export function evaluationTable(
  results: readonly EvaluationResult[],
  models: readonly (readonly [ModelName, string])[],
): string {
  const lines = models.map(([model, title]) => [
    title,
    ...taskNames.map((task) => cell(results.filter((each) => each.task === task && each.model === model))),
  ]);
  const header = ['model', ...taskNames.map((task) => tasks[task].title)];
  const rule = header.map((_, index) => (index === 0 ? '---' : '---:'));
  return [header, rule, ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n');
}

function cell(results: readonly EvaluationResult[]): string {
  if (results.length === 0) return '';
  const scores = results.map(({ score }) => 100 * score);
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  if (scores.length === 1) return mean.toFixed(1);
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / (scores.length - 1);
  return `${mean.toFixed(1)} ± ${Math.sqrt(variance).toFixed(1)}`;
}

/** The card with the table between its marks. @throws Error for a card without them */
export function withTable(card: string, table: string): string {
  const place = /(<!-- evaluation -->\n)[\s\S]*?(<!-- \/evaluation -->)/;
  if (!place.test(card)) throw new Error('The card has no place for the table.');
  return card.replace(place, (_, before: string, behind: string) => `${before}${table}\n${behind}`);
}
