/** What to type after a training. */
import { dataOptions } from '../common-options.js';
import { flagOf } from '../spelling.js';
import { trainedTaskOf } from '../tasks/command-task.js';
import { measuringOptions } from '../tasks/task-settings.js';
import type { TrainSettings } from './train-settings.js';

/** What a training ended with. */
export interface Trained {
  readonly isAdapter: boolean;
  /** Whether weights can hold the adapter. */
  readonly canMerge: boolean;
}

/** Commands with the run's own paths. */
export function nextSteps(settings: TrainSettings, { isAdapter, canMerge }: Trained): string {
  const { output, task, eval: evaluation } = settings;
  const { asking } = trainedTaskOf(task);
  const model = `--model ${quoted(output)}`;
  const commands = [
    `${asking.command} ${model} ${asking.example}`,
    ...(evaluation ? [['evaluate', model, `--data ${quoted(evaluation)}`, ...dataFlagsOf(settings)].join(' ')] : []),
    ...(canMerge ? [`merge ${model} --output ${quoted(`${trimmed(output)}-merged`)}`] : []),
    ...(canMerge || !isAdapter ? [`export ${model} --output ${quoted(`${trimmed(output)}.onnx`)}`] : []),
  ];
  return `next:\n${commands.map((command) => `  ${program()} ${command}`).join('\n')}`;
}

/** How this command was started: npm tells those that it starts. */
const program = (): string => (process.env.npm_command === 'exec' ? 'npx attune' : 'attune');

/** The options that say where in the data its examples stand, if they are not the usual ones. */
const dataFlagsOf = (settings: TrainSettings): readonly string[] =>
  [
    ...(settings.textColumn === dataOptions.textColumn.schema.parse(undefined)
      ? []
      : [['textColumn', settings.textColumn] as const]),
    ...measuringOptions(settings),
  ].map(([name, value]) => `${flagOf(name)} ${quoted(value)}`);

const trimmed = (path: string): string => path.replace(/\/+$/, '');

/** As a shell takes it. */
const quoted = (word: string): string => (/^[\w./:@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
