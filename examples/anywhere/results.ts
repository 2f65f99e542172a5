/** What the places gave so far, in a file: a run that goes on runs only what is missing. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { placeOutput } from './place-output.js';
import type { Place } from './places.js';

/** Why a place did not run. */
const absence = z.strictObject({ reason: z.string() });

const placeResult = placeOutput.or(absence);
const resultsSchema = z.record(z.string(), placeResult);

export type PlaceResult = Readonly<z.infer<typeof placeResult>>;
/** By the names of the places. */
export type Results = Readonly<Record<string, PlaceResult>>;

/** @throws z.ZodError, SyntaxError for a file that holds something else */
export const readResults = (file: string): Results =>
  existsSync(file) ? resultsSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : {};

export const writeResults = (file: string, results: Results): void =>
  writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`);

/** The names of all places, and then of what else has results: places on GPUs. */
export const resultNames = (places: readonly Place[], results: Results): readonly string[] => [
  ...new Set([...places.map(({ name }) => name), ...Object.keys(results)]),
];

/** Runs the places that have not run yet, one after the other. @returns all results after each */
export async function* runMissing(
  places: readonly string[],
  known: Results,
  run: (place: string) => Promise<PlaceResult>,
): AsyncGenerator<Results> {
  let results = known;
  yield results;
  for (const place of places) {
    const before = results[place];
    if (before && 'losses' in before) continue;
    results = { ...results, [place]: await run(place) };
    yield results;
  }
}
