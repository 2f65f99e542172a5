/** Checkpoints that are whole but not in their place, since a save ended before it renamed them, or between two renames. */
import type { Storage } from '@attune/hub';
import { type Manifest, verifyCheckpoint } from './manifest.js';
import { checkpointPath, stepOfTemporary } from './names.js';

export interface FoundCheckpoint {
  readonly path: string;
  readonly manifest: Manifest;
}

/** By step: of two of one step the newer one, and none of a step whose place is taken. */
export async function unplacedCheckpoints(storage: Storage): Promise<ReadonlyMap<number, FoundCheckpoint>> {
  const found = new Map<number, FoundCheckpoint>();
  if (!(await storage.exists(''))) return found;
  const entries = await storage.list('');
  const taken = new Set(entries.map(({ name }) => name));
  for (const { name, kind } of entries) {
    const step = stepOfTemporary(name);
    if (kind !== 'directory' || step === undefined || taken.has(checkpointPath(step))) continue;
    const verdict = await verifyCheckpoint(storage, name, checkpointPath(step));
    if (!verdict.valid) continue;
    const other = found.get(step);
    if (!other || other.manifest.created < verdict.manifest.created) {
      found.set(step, { path: name, manifest: verdict.manifest });
    }
  }
  return found;
}

/** Renames them into their places. @throws AttuneError `E_DISK` */
export async function placeCheckpoints(storage: Storage): Promise<void> {
  const found = await unplacedCheckpoints(storage);
  for (const [step, { path }] of found) await storage.rename(path, checkpointPath(step));
  if (found.size > 0) await storage.syncDirectory('');
}
