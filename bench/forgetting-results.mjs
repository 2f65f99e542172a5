// What `bench -- forgetting` has measured, and its table.
import { join } from 'node:path';
import { readLines, root } from './common.mjs';

/** A line for every finished run of forgetting.ts. */
export const forgettingResults = join(root, 'bench', 'results', 'forgetting.jsonl');

export const readForgetting = () => readLines(forgettingResults);
