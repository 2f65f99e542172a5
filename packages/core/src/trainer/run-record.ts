/** The files in which a run's directory says what the run was: settings, versions and data, and everything that happened. */
import { readJson, type Storage } from '@attune/hub';
import { isAttuneError } from '@attune/ir';
import * as z from 'zod/mini';
import { VERSION } from '../version.js';
import type { RecipeEvent, StartEvent } from './events.js';

export const RUN_FILE = 'run.json';
/** An event in each line. */
export const EVENTS_FILE = 'events.jsonl';

/** By this a directory's `run.json` is known to be Attune's. */
const MARK = 'attune';

/** The content of `run.json`. @param settings as the user gave them */
export const runRecord = (settings: object, recipe: RecipeEvent, { versions, device }: StartEvent) => ({
  writtenBy: MARK,
  created: new Date().toISOString(),
  settings,
  arguments: recipe.arguments,
  chosen: recipe.chosen,
  data: recipe.data,
  versions: { ...versions, attune: VERSION },
  device,
});

const schema = z.object({ writtenBy: z.literal(MARK) });

/** Names of the record's files if a directory has a record. */
export async function recordFiles(storage: Storage): Promise<readonly string[]> {
  try {
    if (!(await storage.exists(RUN_FILE))) return [];
    return schema.safeParse(await readJson(storage, RUN_FILE)).success ? [RUN_FILE, EVENTS_FILE] : [];
  } catch (error) {
    if (!isAttuneError(error)) throw error;
    return [];
  }
}
