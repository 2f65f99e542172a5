import { resolve } from 'node:path';
import { interruption } from './interruption.js';
import { pretrain } from './pretrain.js';
import { readSettings } from './settings.js';

const root = process.env.ATTUNE_ROOT ?? process.cwd();
const args = process.argv.slice(2);
const settings = readSettings(args, {
  shared: process.env.ATTUNE_SHARED ?? resolve(root, '../shared'),
  work: resolve(root, '.cache/pretrain-base'),
  output: resolve(root, 'packages/base-mini'),
  curves: resolve(root, 'docs/base-mini'),
});
const log = (line: string): void => console.log(line);
const signal = interruption(log);
try {
  const command = ['npm run pretrain:base', ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
  const sha256 = await pretrain({ settings, command, signal, log });
  log(
    sha256 === undefined ? 'interrupted; the same command goes on from here' : `${settings.output}: sha256 ${sha256}`,
  );
  if (sha256 === undefined) process.exitCode = 130;
} catch (error) {
  if (!signal.aborted) throw error;
  log('interrupted; the same command goes on from here');
  process.exitCode = 130;
}
