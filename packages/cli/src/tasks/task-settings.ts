/** The options of tasks, as commands have them, and which belong to which task. */
import { nearest } from '@attune/core/internal';
import { AttuneError } from '@attune/ir';
import type { OptionUse, TrainedTask } from '@attune/tasks';
import { trainedTasks } from '@attune/tasks/internal';
import { z } from 'zod';
import type { OptionTable } from '../options.js';

const tasks: readonly TrainedTask[] = Object.values(trainedTasks);

/** The options of all tasks. */
const table: OptionTable = Object.assign({}, ...tasks.map(({ options }) => options));

/** The options of a command that serves all tasks. Only tasks know their types. */
export const taskOptions = (use: OptionUse): object =>
  Object.fromEntries(
    tasks.flatMap(({ options }) => Object.entries(options)).filter(([, { uses }]) => uses.includes(use)),
  );

/** Whether the settings say what a model is asked, with no file. */
export const asksByItself = (settings: object): boolean =>
  given(settings).some(([name]) => tasks.some(({ options }) => options[name]?.asks));

/** What is given, in place of what holds by default. */
function given(settings: object): readonly (readonly [string, unknown])[] {
  return Object.entries(settings).filter(([name, value]) => {
    const schema = Object.hasOwn(table, name) ? table[name]?.schema : undefined;
    return schema && value !== undefined && value !== z.safeParse(schema, undefined).data;
  });
}

/** @throws AttuneError `E_CONFIG` for an option of another task */
export function requireFitting(settings: object, task: string): void {
  for (const [field] of given(settings)) {
    const owners = tasks.filter(({ options }) => Object.hasOwn(options, field)).map(({ name }) => name);
    if (owners.includes(task)) continue;
    throw new AttuneError('E_CONFIG', `${field} is an option of ${owners.join(', ')}; the task is ${task}.`, {
      field,
      hint: `Leave it out, or name another task with --task.`,
    });
  }
}

/** What is given of the options that measuring takes too, by the options' names. */
export const measuringOptions = (settings: object): readonly (readonly [string, string])[] =>
  given(settings).flatMap(([name, value]) => {
    const measures = tasks.some(({ options }) => options[name]?.uses.includes('evaluate'));
    return measures ? [[name, [value].flat().join(',')] as const] : [];
  });

/** @throws AttuneError `E_CONFIG` for a metric that the task does not have */
export function requireMetric(metric: string | undefined, names: readonly string[]): void {
  const known = ['loss', ...names];
  if (metric === undefined || known.includes(metric)) return;
  const suggestion = nearest(metric, known);
  throw new AttuneError(
    'E_CONFIG',
    `metricForBestModel is "${metric}", which this task does not have${suggestion ? `, did you mean ${suggestion}?` : '.'}`,
    { field: 'metricForBestModel', hint: `Its metrics are ${known.join(', ')}.` },
  );
}
