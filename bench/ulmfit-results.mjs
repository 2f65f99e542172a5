// What `bench -- ulmfit` has measured.
import { join } from 'node:path';
import { readLines, root } from './common.mjs';

/** A line for every finished run of ulmfit.ts. */
export const ulmfitResults = join(root, 'bench', 'results', 'ulmfit.jsonl');

export const readUlmfit = () => readLines(ulmfitResults);
