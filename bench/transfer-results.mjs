// What `bench -- transfer` has measured, and its table.
import { join } from 'node:path';
import { readLines, root } from './common.mjs';

/** A line for every finished unit of transfer.ts. */
export const transferResults = join(root, 'bench', 'results', 'transfer.jsonl');

export const readTransfer = () => readLines(transferResults);
