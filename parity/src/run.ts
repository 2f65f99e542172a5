/** Finds every golden case below a folder and runs it: the work of `npm run parity`. */
import { nodeStorage } from '@attune/hub/node';
import { type Backend, isAttuneError } from '@attune/ir';
import { join } from './golden-file.js';
import { modelsGroup } from './models.js';
import { objectivesGroup } from './objectives.js';
import { opsGroup } from './ops.js';
import { optimizersGroup, schedulesGroup } from './optimizers.js';
import type { ParityCase, ParityFolder, ParityGroup } from './parity-case.js';
import { peftGroup } from './peft.js';
import { realGroup } from './real.js';
import { tokenizersGroup } from './tokenizers.js';
import { ulmfitGroup } from './ulmfit.js';
import { unreadableCase, unreadableFiles } from './unreadable.js';

const groups: readonly ParityGroup[] = [
  opsGroup,
  optimizersGroup,
  schedulesGroup,
  objectivesGroup,
  modelsGroup,
  ulmfitGroup,
  peftGroup,
  realGroup,
  tokenizersGroup,
];

export interface ParitySummary {
  readonly passed: number;
  readonly failed: number;
  readonly unsupported: number;
}

export interface ParityOptions {
  readonly backend: Backend;
  /** Only cases whose id contains this. */
  readonly only?: string;
  readonly print: (line: string) => void;
}

/** Prints one line per case, and `N passed, N failed, N not supported` at the end. */
export async function runParity(directory: string, { backend, only, print }: ParityOptions): Promise<ParitySummary> {
  const cases = (await findCases(directory)).filter(({ id }) => only === undefined || id.includes(only));
  await using device = await backend.open();
  const context = { device, isReference: device.info.backend === 'reference' };
  let [passed, failed] = [0, 0];
  const missing: string[] = [];
  for (const { id, run } of cases) {
    try {
      const outcome = await run(context);
      if (outcome.status === 'unsupported') {
        missing.push(`${id}: ${outcome.reason}`);
        continue;
      }
      const { error, where } = outcome.worst;
      const ok = error <= 1;
      if (ok) passed++;
      else failed++;
      print(`${ok ? 'ok    ' : 'FAILED'} ${id}  ${error.toPrecision(3)} of the tolerance (${where})`);
    } catch (error) {
      failed++;
      print(`FAILED ${id}  ${isAttuneError(error) ? `${error.code} ` : ''}${messageOf(error)}`);
    }
  }
  for (const line of missing) print(`not supported  ${line}`);
  print(`${passed} passed, ${failed} failed, ${missing.length} not supported`);
  return { passed, failed, unsupported: missing.length };
}

async function findCases(directory: string): Promise<readonly ParityCase[]> {
  const storage = nodeStorage(directory);
  const cases: ParityCase[] = [];
  const attempt = async <T>(id: string, action: () => Promise<readonly T[]>): Promise<readonly T[]> => {
    try {
      return await action();
    } catch (error) {
      cases.push(unreadableCase(id, messageOf(error)));
      return [];
    }
  };
  const walk = async (path: string): Promise<void> => {
    const entries = await attempt(path || directory, () => storage.list(path));
    const all: ParityFolder = { storage, path, files: entries.map(({ name }) => name) };
    const unreadable = await unreadableFiles(all);
    cases.push(...[...unreadable].map(([file, problem]) => unreadableCase(join(path, file), problem)));
    const folder = { ...all, files: all.files.filter((file) => !unreadable.has(file)) };
    let found = false;
    for (const group of groups) {
      const own = await attempt(path || directory, () => group(folder));
      cases.push(...own);
      found ||= own.length > 0;
    }
    for (const { name, kind } of entries) {
      if (kind === 'directory' && !(found && /^adapter_|^(init|final)$/.test(name)))
        await walk(path === '' ? name : `${path}/${name}`);
    }
  };
  await walk('');
  return cases;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
