/**
 * A process that takes and gives back a lock, for tests with several of them. Each line on standard input is an action,
 * each answered by a line: `take PATH` by `taken` or the error's code, `release` by `released`.
 */
import { createInterface } from 'node:readline';
import { isAttuneError } from '@attune/ir';
import { lockFile } from '../node-lock.js';

let release = async () => {};

async function answer(line: string): Promise<string> {
  if (line === 'release') {
    await release();
    return 'released';
  }
  try {
    release = await lockFile(line.slice('take '.length), 'runs/x');
    return 'taken';
  } catch (error) {
    return isAttuneError(error) ? error.code : String(error);
  }
}

console.log('ready');
for await (const line of createInterface({ input: process.stdin })) console.log(await answer(line));
