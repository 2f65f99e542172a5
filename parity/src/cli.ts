/** `npm run parity -- DIR [--backend NAME] [--only TEXT]`: golden values of any folder of that layout. */

import { backendOf, exitCodeOf, exitCodes, reportError, requireAvailable } from '@attune/cli/internal';
import { isAttuneError } from '@attune/ir';
import { Command } from 'commander';
import { runParity } from './run.js';

interface ParityFlags {
  readonly backend: string;
  readonly only?: string;
  readonly threads?: string;
}

/** Golden values on a backend that is there. @throws AttuneError `E_BACKEND_UNAVAILABLE`, and for a directory without cases */
async function parity(directory: string, { backend: name, only, threads }: ParityFlags): Promise<number> {
  const backend = backendOf(name, threads === undefined ? {} : { threads: Number(threads) });
  await requireAvailable(backend);
  const { failed } = await runParity(directory, {
    backend,
    ...(only === undefined ? {} : { only }),
    print: (line) => console.log(line),
  });
  return failed > 0 ? exitCodes.failed : exitCodes.ok;
}

await new Command('parity')
  .argument('<directory>')
  .option('--backend <name>', 'what computes', 'reference')
  .option('--threads <number>', 'threads of one run')
  .option('--only <text>', 'cases whose path contains this')
  .action(async (directory: string, flags: ParityFlags) => {
    try {
      process.exitCode = await parity(directory, flags);
    } catch (error) {
      if (!isAttuneError(error)) throw error;
      reportError(error, false);
      process.exitCode = exitCodeOf(error);
    }
  })
  .parseAsync();
