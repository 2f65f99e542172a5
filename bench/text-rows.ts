import { closeSync, openSync, readSync } from 'node:fs';
import type { Tokenizer } from '@attune/hub';
import { shared } from './common.mjs';

/** The first tokens of a part of WikiText-2, in rows of one length. */
export async function textRows(
  tokenizer: Tokenizer,
  part: 'valid' | 'test',
  rows: number,
  tokens: number,
): Promise<readonly (readonly number[])[]> {
  const file = openSync(`${shared}/data/wikitext2/${part}.txt`, 'r');
  const bytes = Buffer.alloc(rows * tokens * 6);
  const read = readSync(file, bytes);
  closeSync(file);
  const lines = bytes
    .subarray(0, read)
    .toString()
    .split(/(?<=\n)/);
  const options = { addSpecialTokens: false, budgetMilliseconds: 60_000 };
  const ids = (await tokenizer.encode(lines, options)).flatMap((line) => line.ids);
  return Array.from({ length: rows }, (_, row) => ids.slice(row * tokens, (row + 1) * tokens));
}
