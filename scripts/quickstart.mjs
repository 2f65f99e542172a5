// `npm run quickstart [-- --model DIR] [-- --vectors FILE]`: examples/quickstart, from nothing.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runExample } from './run-example.mjs';

const USAGE = 'npm run quickstart [-- --model DIR --vectors FILE]';

// Mistakes are told before anything is installed or built.
const values = options();
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const paths = ['model', 'vectors'].filter((name) => values[name] !== undefined);
await runExample(
  'quickstart/main',
  paths.map((name) => `--${name}=${resolve(values[name])}`),
);

function options() {
  try {
    const { values } = parseArgs({
      options: {
        model: { type: 'string' },
        vectors: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.model !== undefined && !existsSync(join(values.model, 'config.json'))) {
      throw new Error(`${values.model} holds no model: it has no config.json.`);
    }
    if (values.vectors !== undefined && !existsSync(values.vectors)) {
      throw new Error(`There is no file ${values.vectors}.`);
    }
    return values;
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    process.exit(2);
  }
}
