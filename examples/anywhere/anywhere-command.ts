/** `npm run anywhere`: runs the script everywhere that it has not run yet, and writes the tables of docs/anywhere.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isAttuneError } from '@attune/ir';
import { hardwareFlags, softwareFlags } from '@attune/testing/chromium-flags';
import { runInBrowser } from './browser.js';
import { runInNode, servePlace } from './node.js';
import { type Place, places, resultName } from './places.js';
import { pytorchRun } from './reference.js';
import { type PlaceResult, type Results, readResults, resultNames, runMissing, writeResults } from './results.js';
import { largestDifference, lossTable, placeLine, placeTable, type Reference, referencePlace } from './table.js';

/** How far a loss may be from that of the reference. */
const TOLERANCE = 1e-3;
/** With `--dropout`. */
const DROPOUT = 0.1;

const root = process.env.ATTUNE_ROOT ?? process.cwd();
const shared = process.env.ATTUNE_SHARED ?? resolve(root, '../shared');
const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '20' },
    only: { type: 'string', default: '' },
    again: { type: 'boolean', default: false },
    dropout: { type: 'boolean', default: false },
    gpu: { type: 'string' },
    place: { type: 'string' },
  },
});
const steps = Number(values.steps);
const dropout = values.dropout ? DROPOUT : 0;
/** By the names of their results; those on a GPU have its name. */
const chosen: ReadonlyMap<string, Place> = new Map(
  places.filter(({ name }) => name.includes(values.only)).map((place) => [resultName(place, values.gpu), place]),
);
/** The file of the results, and the mark of the tables in docs/anywhere.md. */
const [record, mark] = values.dropout ? ['results-dropout', 'dropout tables'] : ['results', 'tables'];

async function everywhere(): Promise<void> {
  const pytorch = await pytorchRun(shared);
  const whole = pytorch.losses.length;
  if (!(Number.isInteger(steps) && steps >= 1 && steps <= whole))
    throw new RangeError(`--steps goes from 1 to ${whole}`);
  if (chosen.size === 0) throw new RangeError(`--only: there are ${places.map(({ name }) => name).join('; ')}`);
  const input = { ...(await pytorch.input(steps)), dropout };
  const isWhole = steps === whole;
  const file = join(root, `docs/anywhere/${record}.json`);
  const run = async ({ name, runtime }: Place): Promise<PlaceResult> => {
    try {
      if (runtime === 'browser')
        return await runInBrowser(
          readFileSync(new URL('page.js', import.meta.url), 'utf8'),
          name,
          input,
          values.gpu === undefined ? softwareFlags : hardwareFlags,
        );
      return await runInNode(name, ['--steps', values.steps, ...(values.dropout ? ['--dropout'] : [])]);
    } catch (error) {
      return { reason: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error) };
    }
  };
  let known: Results = isWhole ? readResults(file) : {};
  if (values.again) known = Object.fromEntries(Object.entries(known).filter(([name]) => !chosen.has(name)));
  for await (const results of runMissing([...chosen.keys()], known, (name) => run(chosen.get(name)!))) {
    if (Object.keys(results).length === 0) continue;
    // PyTorch has other masks.
    const reference = values.dropout ? referencePlace(places[0]!.name, results) : pytorch;
    for (const [name, result] of Object.entries(results)) {
      if (result !== known[name]) console.log(placeLine(name, result, reference));
      if ('losses' in result && largestDifference(result.losses, reference.losses) > TOLERANCE) process.exitCode = 1;
    }
    known = results;
    if (!isWhole) continue;
    writeResults(file, results);
    writeTables(results, reference);
  }
}

/** With dropout the table is of the places that ran. */
function writeTables(results: Results, reference: Reference): void {
  const page = join(root, 'docs/anywhere.md');
  const shown = resultNames(places, results).filter((name) => results[name] || !values.dropout);
  const tables = `${placeTable(shown, results, reference)}\n\n${lossTable(shown, results, reference)}`;
  const place = new RegExp(`(<!-- ${mark} -->).*(<!-- /${mark} -->)`, 's');
  const text = readFileSync(page, 'utf8');
  writeFileSync(
    page,
    text.replace(place, (_, start, end) => `${start}\n\n${tables}\n\n${end}`),
  );
}

try {
  if (values.place === undefined) await everywhere();
  else await servePlace(values.place, { ...(await (await pytorchRun(shared)).input(steps)), dropout });
} catch (error) {
  const hint = isAttuneError(error) && error.hint !== undefined ? ` ${error.hint}` : '';
  process.stderr.write(`${error instanceof Error ? error.message : error}${hint}\n`);
  process.exit(1);
}
