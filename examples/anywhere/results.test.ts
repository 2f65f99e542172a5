import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { places, resultName } from './places.js';
import { type PlaceResult, type Results, readResults, resultNames, runMissing, writeResults } from './results.js';
import { largestDifference, lossTable, placeTable, referencePlace } from './table.js';

const [here, there, nowhere] = places.map(({ name }) => name);
const output = { device: 'd', losses: [0.7, 0.6], accuracy: 0.5, milliseconds: [30, 10, 20], memoryBytes: 2 ** 30 };
const reference = { name: 'PyTorch', losses: [0.7, 0.6003], accuracy: 0.75 };
const results = { [here!]: output, [there!]: { reason: 'no GPU' } };

it('only places without an output run again, and what they gave is kept', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'attune-results-'));
  const file = join(folder, 'results.json');
  const ran: string[] = [];
  const collect = async (result: PlaceResult) => {
    let last: Results = {};
    const run = async (name: string) => {
      ran.push(name);
      return result;
    };
    for await (const each of runMissing([here!, there!, nowhere!], readResults(file), run)) {
      last = each;
      writeResults(file, each);
    }
    return last;
  };
  writeResults(file, results);
  const first = await collect({ reason: 'no time' });
  expect(ran).toEqual([there!, nowhere!]);
  expect(first[here!]).toEqual(output);
  await collect(output);
  await collect({ reason: 'no time' });
  expect(ran).toHaveLength(4);
  expect(readResults(file)).toEqual(Object.fromEntries([here!, there!, nowhere!].map((name) => [name, output])));
  rmSync(folder, { recursive: true });
});

it('the tables have reasons for what did not run', () => {
  expect(largestDifference([0.7, 0.6], reference.losses)).toBeCloseTo(0.0003 / 0.6003, 12);
  expect(placeTable([here!, there!, nowhere!], results, reference).split('\n').slice(2)).toEqual([
    '| PyTorch | cpu |  | 75.0% |  |  |',
    `| ${here!} | d | 5e-4 | 50.0% | 0.02 s | 1024 MiB |`,
    `| ${there!} | not run: no GPU |  |  |  |  |`,
    `| ${nowhere!} | not run yet |  |  |  |  |`,
  ]);
  expect(lossTable([here!, there!, nowhere!], results, reference).split('\n')).toEqual([
    `| step | PyTorch | ${here!} |`,
    '| --- | --- | --- |',
    '| 1 | 0.700000 | 0.700000 |',
    '| 2 | 0.600300 | 0.600000 |',
  ]);
  const ofPlace = referencePlace(here!, results);
  expect(placeTable([here!], results, ofPlace).split('\n').slice(2)).toEqual([
    `| ${here!} | d | 0e+0 | 50.0% | 0.02 s | 1024 MiB |`,
  ]);
  expect(lossTable([here!], results, ofPlace).split('\n')[0]).toBe(`| step | ${here!} |`);
  expect(() => referencePlace(there!, results)).toThrow(/has to run first/);
});

it('what a place gave on a GPU has a name of its own, and comes after all places', () => {
  const onGpu = resultName(places[0]!, 'a GPU');
  expect(onGpu).toBe(`${here}, a GPU`);
  expect(resultNames(places, { [onGpu]: output, ...results })).toEqual([...places.map(({ name }) => name), onGpu]);
});
