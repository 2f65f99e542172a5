// What `bench -- forgetting` has measured, and its table.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './common.mjs';

/** A line for every finished run of forgetting.ts. */
export const forgettingResults = join(root, 'bench', 'results', 'forgetting.jsonl');

export const readForgetting = () =>
  existsSync(forgettingResults)
    ? readFileSync(forgettingResults, 'utf8')
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [];
