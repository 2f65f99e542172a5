/** docs/settings.md is written from the tables of training arguments and of the tasks' and strategies' options: after a change, `npx vitest run settings-page -u` writes it again. */
import { argumentDescriptions, type TrainingArgument, trainingArguments } from '@attune/core';
import type { TaskOption } from '@attune/tasks';
import { trainedTasks } from '@attune/tasks/internal';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { strategyOptions } from './set-paths.js';
import { flagOf } from './spelling.js';

const table: Readonly<Record<string, TrainingArgument>> = trainingArguments;

const descriptions: Readonly<Record<string, string>> = argumentDescriptions;

const roles: Readonly<Record<TrainingArgument['role'], string>> = {
  weights: 'keeps it',
  length: 'keeps it until it is finished',
  evaluation: 'keeps it if evaluations decide',
  none: 'may change it',
};

const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

const code = (text: string): string => `\`${text}\``;

function defaultOf(schema: TrainingArgument['schema'] | TaskOption['schema']): string {
  const { default: value } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return value === undefined ? '' : JSON.stringify(value);
}

const rowOf = (name: string, { schema, role, isChosen }: TrainingArgument): string =>
  row([code(name), code(flagOf(name)), isChosen ? 'chosen' : defaultOf(schema), descriptions[name] ?? '', roles[role]]);

/** The tasks' options for training, each with the tasks that have it. */
function taskRows(): readonly string[] {
  const options = new Map<string, { readonly option: TaskOption; readonly tasks: readonly string[] }>();
  for (const task of Object.values(trainedTasks)) {
    const own: Readonly<Record<string, TaskOption>> = task.options;
    for (const [name, option] of Object.entries(own)) {
      if (!option.uses.includes('train')) continue;
      const tasks = [...(options.get(name)?.tasks ?? []), task.name];
      options.set(name, { option, tasks });
    }
  }
  return [...options].map(([name, { option, tasks }]) =>
    row([code(name), code(flagOf(name)), defaultOf(option.schema), option.description, tasks.join(', ')]),
  );
}

const strategyRows = (): readonly string[] =>
  [...strategyOptions]
    .filter(([, names]) => names.length > 0)
    .map(([name, names]) => row([code(name), names.map((each) => code(`${name}.${each}`)).join(', ')]));

it('docs/settings.md lists every setting of a training', async () => {
  const lines = Object.entries(table).map(([name, argument]) => rowOf(name, argument));
  const page = `# Settings of training

The names are those of transformers' TrainingArguments in camelCase. They are options of the \`Trainer\`, keys of
\`attune.config.*\`, and flags of \`attune train\`: by the name below or the whole one (\`--num-train-epochs\`), or as
\`--set NAME=VALUE\`. Names and defaults are the same everywhere. What is "chosen" is chosen for the model and the data if it
is not given ([how](defaults.md)). The last column says what a resumed run does with the setting. This page is written from
the table in \`packages/core/src/trainer/training-arguments.ts\`.

${row(['setting', 'flag', 'default', 'meaning', 'a resumed run'])}
${row(['---', '---', '---', '---', '---'])}
${lines.join('\n')}

## Options of tasks

They are settings of \`attune train --task TASK\`. In code those that are not about files are options of the functions that open a
model for the task, such as \`sequenceClassification\`. Each task's file in \`packages/tasks\` has its table.

${row(['setting', 'flag', 'default', 'meaning', 'tasks'])}
${row(['---', '---', '---', '---', '---'])}
${taskRows().join('\n')}

## Options of strategies

By \`--set PATH=VALUE\`, or beside the strategy's name in a config file; in code without the name in front. What they mean is in
[the package's README](../packages/strategies/README.md).

${row(['strategy', 'paths'])}
${row(['---', '---'])}
${strategyRows().join('\n')}
`;
  await expect(page).toMatchFileSnapshot('../../../docs/settings.md');
});
