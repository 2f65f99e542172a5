/** `npm run anywhere`: runs the script everywhere that it has not run yet, and writes the tables of docs/anywhere.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isAttuneError } from '@attune/ir';
import { runInBrowser } from './browser.js';
import { runInNode, servePlace } from './node.js';
import { type Place, places } from './places.js';
import { pytorchRun } from './reference.js';
import { type PlaceResult, type Results, readResults, runMissing, writeResults } from './results.js';
import { largestDifference, lossTable, placeLine, placeTable } from './table.js';

/** How far a loss may be from PyTorch's. */
const TOLERANCE = 1e-3;

const root = process.env.ATTUNE_ROOT ?? process.cwd();
const shared = process.env.ATTUNE_SHARED ?? resolve(root, '../shared');
const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '20' },
    only: { type: 'string', default: '' },
    again: { type: 'boolean', default: false },
    place: { type: 'string' },
  },
});
const steps = Number(values.steps);
const chosen = places.filter(({ name }) => name.includes(values.only));

async function everywhere(): Promise<void> {
  const reference = await pytorchRun(shared);
  const whole = reference.losses.length;
  if (!(Number.isInteger(steps) && steps >= 1 && steps <= whole))
    throw new RangeError(`--steps goes from 1 to ${whole}`);
  if (chosen.length === 0) throw new RangeError(`--only: there are ${places.map(({ name }) => name).join('; ')}`);
  const input = await reference.input(steps);
  const isWhole = steps === whole;
  const files = { results: join(root, 'docs/anywhere/results.json'), page: join(root, 'docs/anywhere.md') };
  const run = async ({ name, runtime }: Place): Promise<PlaceResult> => {
    try {
      if (runtime === 'node') return await runInNode(name, ['--steps', values.steps]);
      return await runInBrowser(readFileSync(new URL('page.js', import.meta.url), 'utf8'), name, input);
    } catch (error) {
      return { reason: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error) };
    }
  };
  let known: Results = isWhole ? readResults(files.results) : {};
  if (values.again) known = Object.fromEntries(Object.entries(known).filter(([name]) => !name.includes(values.only)));
  for await (const results of runMissing(chosen, known, run)) {
    for (const [name, result] of Object.entries(results)) {
      if (result !== known[name]) console.log(placeLine(name, result, reference));
      if ('losses' in result && largestDifference(result.losses, reference.losses) > TOLERANCE) process.exitCode = 1;
    }
    known = results;
    if (!isWhole) continue;
    writeResults(files.results, results);
    const tables = `${placeTable(places, results, reference)}\n\n${lossTable(places, results, reference)}`;
    writeFileSync(files.page, replaceTables(readFileSync(files.page, 'utf8'), tables));
  }
}

const replaceTables = (text: string, tables: string): string =>
  text.replace(/(<!-- tables -->).*(<!-- \/tables -->)/s, (_, start, end) => `${start}\n\n${tables}\n\n${end}`);

try {
  if (values.place === undefined) await everywhere();
  else await servePlace(values.place, await (await pytorchRun(shared)).input(steps));
} catch (error) {
  const hint = isAttuneError(error) && error.hint !== undefined ? ` ${error.hint}` : '';
  process.stderr.write(`${error instanceof Error ? error.message : error}${hint}\n`);
  process.exit(1);
}
