import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { evaluate } from './evaluate.js';
import { taskNames } from './evaluation-data.js';
import { evaluatedModels, modelNames } from './evaluation-models.js';
import { evaluationTable, withTable } from './evaluation-table.js';
import { interruption } from './interruption.js';

const root = process.env.ATTUNE_ROOT ?? process.cwd();
const count = z.coerce.number().int().positive();
const listOf = <Name extends string>(names: readonly Name[]) =>
  z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(names)))
    .default([...names]);
const schema = z.strictObject({
  base: z.string().default(resolve(root, 'packages/base-mini')),
  shared: z.string().default(process.env.ATTUNE_SHARED ?? resolve(root, '../shared')),
  results: z.string().default(resolve(root, 'docs/base-mini/evaluation.json')),
  seeds: count.default(3),
  models: listOf(modelNames),
  tasks: listOf(taskNames),
  take: count.optional(),
  threads: count.optional(),
});
const flags = Object.fromEntries(Object.keys(schema.shape).map((name) => [name, { type: 'string' }] as const));
const settings = schema.parse(parseArgs({ args: process.argv.slice(2), options: flags }).values);
const log = (line: string): void => console.log(line);

if (!existsSync(join(settings.base, 'model.safetensors'))) {
  log(`${settings.base} has no model.safetensors; npm run pretrain:base makes it.`);
  process.exitCode = 2;
} else {
  const signal = interruption(log);
  const results = await evaluate({ ...settings, signal, log });
  const models = evaluatedModels(settings.base, settings.shared);
  const table = evaluationTable(
    results,
    modelNames.map((name) => [name, models[name].title] as const),
  );
  log(`\n${table}`);
  const card = join(settings.base, 'README.md');
  if (!signal.aborted && settings.take === undefined && existsSync(card)) {
    writeFileSync(card, withTable(readFileSync(card, 'utf8'), table));
  }
  if (signal.aborted) process.exitCode = 130;
}
