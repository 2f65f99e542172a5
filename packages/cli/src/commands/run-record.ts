/** Keeps `run.json` and `events.jsonl` in a run's directory. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecipeEvent, TrainEvent, TrainListener } from '@attune/core';
import { EVENTS_FILE, RUN_FILE, runRecord } from '@attune/core/internal';
import { jsonLinesFile } from '@attune/hub/node';

/**
 * A listener for a run that writes to a directory. Nothing is written before the run starts; one that goes on adds to the
 * events of the earlier one. A record that cannot be written does not end the run.
 * @param settings as they were given
 * @param warn is told once why there is no record
 */
export function recordRun(directory: string, settings: object, warn: (message: string) => void): TrainListener {
  const early: TrainEvent[] = [];
  let recipe: RecipeEvent | undefined;
  let append: ((event: TrainEvent) => void) | undefined;
  let hasFailed = false;
  const record = (event: TrainEvent): void => {
    if (event.type === 'recipe') recipe = event;
    if (event.type === 'start' && recipe) {
      const file = join(directory, EVENTS_FILE);
      if (event.resumedFrom === 0 && !append) rmSync(file, { force: true });
      writeFileSync(join(directory, RUN_FILE), `${JSON.stringify(runRecord(settings, recipe, event), null, 2)}\n`);
      append ??= jsonLinesFile(file);
      for (const each of early.splice(0)) append(each);
    }
    if (append) append(event);
    else early.push(event);
  };
  return (event) => {
    if (hasFailed) return;
    try {
      record(event);
    } catch (error) {
      hasFailed = true;
      warn(`The run goes on without a record: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
}
