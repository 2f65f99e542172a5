/** `npm run parity -- DIR [--backend NAME] [--only TEXT]`: golden values of any folder of that layout. */
import { Command } from 'commander';
import { backendOf } from '../backends.js';
import { runParity } from './run.js';

interface ParityFlags {
  readonly backend: string;
  readonly only?: string;
  readonly threads?: string;
}

await new Command('parity')
  .argument('<directory>')
  .option('--backend <name>', 'what computes', 'reference')
  .option('--threads <number>', 'threads of one run')
  .option('--only <text>', 'cases whose path contains this')
  .action(async (directory: string, { backend, only, threads }: ParityFlags) => {
    const { failed } = await runParity(directory, {
      backend: backendOf(backend, threads === undefined ? {} : { threads: Number(threads) }),
      ...(only === undefined ? {} : { only }),
      print: (line) => console.log(line),
    });
    process.exitCode = failed > 0 ? 1 : 0;
  })
  .parseAsync();
