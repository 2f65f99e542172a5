/** docs/settings.md is the table of training arguments: after a change, `npx vitest run settings-page -u` writes it again. */
import { argumentDescriptions, type TrainingArgument, trainingArguments } from '@attune/core';
import { expect, it } from 'vitest';
import { z } from 'zod';
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

function rowOf(name: string, { schema, role, isChosen }: TrainingArgument): string {
  const { default: value } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const byDefault = isChosen ? 'chosen' : value === undefined ? '' : JSON.stringify(value);
  return row([`\`${name}\``, `\`${flagOf(name)}\``, byDefault, descriptions[name] ?? '', roles[role]]);
}

it('docs/settings.md lists every training argument', async () => {
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
`;
  await expect(page).toMatchFileSnapshot('../../../docs/settings.md');
});
