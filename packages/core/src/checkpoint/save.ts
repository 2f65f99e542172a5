/** The commit protocol: temporary directory, files, manifest last, rename, sync, and only then rotation. */
import { type Storage, type TensorToWrite, writeFile, writeSafetensors } from '@attune/hub';
import { canonicalJson, hashFile } from '@attune/hub/internal';
import { discard } from './leftovers.js';
import { CHECKPOINT_FORMAT, MANIFEST, type Manifest, sealManifest, verifyCheckpoint } from './manifest.js';
import { checkpointPath, checkpointSteps, LATEST, removedName, temporaryName } from './names.js';

export interface CheckpointContent extends Pick<Manifest, 'step' | 'steps' | 'finished' | 'data' | 'run' | 'versions'> {
  readonly parameters: readonly TensorToWrite[];
  readonly state: readonly TensorToWrite[];
  /** The trainer's position and scores, as JSON. */
  readonly trainer: Readonly<Record<string, unknown>>;
}

/** Points of a save, in their order, for tests that interrupt it. */
export const savePhases = [
  'begin',
  'parameters',
  'optimizer',
  'trainer',
  'hashed',
  'manifest',
  'aside',
  'renamed',
  'synced',
  'latest',
] as const;

export type SavePhase = (typeof savePhases)[number];

export interface SaveCheckpointOptions {
  readonly onPhase?: (phase: SavePhase) => Promise<void> | void;
}

export interface SavedCheckpoint {
  readonly path: string;
  /** What is left because the system did not let it be removed. */
  readonly warnings: readonly string[];
}

/**
 * Writes `checkpoint-<step>`. A checkpoint of that step that verifies and has the same content stays as it is; another
 * one is replaced: at any moment one of both is whole, in its place or where `placeCheckpoints` finds it. What fails
 * leaves the older checkpoints as they were.
 * @throws AttuneError `E_DISK`, and what loading the tensors throws
 */
export async function saveCheckpoint(
  storage: Storage,
  content: CheckpointContent,
  { onPhase }: SaveCheckpointOptions = {},
): Promise<SavedCheckpoint> {
  const path = checkpointPath(content.step);
  const temporary = temporaryName(content.step);
  const unneeded: string[] = [];
  try {
    await storage.makeDirectory(temporary);
    await onPhase?.('begin');
    const manifest = await writeContent(storage, temporary, content, onPhase);
    unneeded.push(...(await place(storage, temporary, path, manifest, onPhase)));
  } catch (error) {
    await storage.remove(temporary).catch(() => {});
    throw error;
  }
  await storage.syncDirectory('');
  await onPhase?.('synced');
  const warnings: string[] = [];
  for (const name of unneeded) warnings.push(...(await discard(storage, name)));
  await writeFile(storage, LATEST, `${JSON.stringify({ step: content.step, path })}\n`);
  await onPhase?.('latest');
  return { path, warnings };
}

async function writeContent(
  storage: Storage,
  directory: string,
  { parameters, state, trainer, ...about }: CheckpointContent,
  onPhase: SaveCheckpointOptions['onPhase'],
): Promise<Manifest> {
  await writeSafetensors(storage, `${directory}/trainable.safetensors`, parameters);
  await onPhase?.('parameters');
  await writeSafetensors(storage, `${directory}/optimizer.safetensors`, state);
  await onPhase?.('optimizer');
  await writeFile(storage, `${directory}/trainer.json`, `${JSON.stringify(trainer, null, 2)}\n`);
  await onPhase?.('trainer');
  const hash = (name: string) => hashFile(storage, `${directory}/${name}`);
  const files = {
    'trainable.safetensors': await hash('trainable.safetensors'),
    'optimizer.safetensors': await hash('optimizer.safetensors'),
    'trainer.json': await hash('trainer.json'),
  };
  await onPhase?.('hashed');
  const manifest = sealManifest({ ...about, format: CHECKPOINT_FORMAT, created: new Date().toISOString(), files });
  await writeFile(storage, `${directory}/${MANIFEST}`, `${JSON.stringify(manifest, null, 2)}\n`);
  await onPhase?.('manifest');
  return manifest;
}

/**
 * Renames into place; a checkpoint that stands there moves aside first, so that it is never half removed.
 * @returns what may be removed once the names are durable
 */
async function place(
  storage: Storage,
  temporary: string,
  path: string,
  manifest: Manifest,
  onPhase: SaveCheckpointOptions['onPhase'],
): Promise<readonly string[]> {
  const isReplacing = await storage.exists(path);
  if (isReplacing) {
    const before = await verifyCheckpoint(storage, path);
    if (before.valid && canonicalJson(before.manifest.files) === canonicalJson(manifest.files)) return [temporary];
  }
  const aside = temporaryName(manifest.step);
  if (isReplacing) await storage.rename(path, aside);
  await onPhase?.('aside');
  try {
    await storage.rename(temporary, path);
  } catch (error) {
    if (isReplacing) await storage.rename(aside, path).catch(() => {});
    throw error;
  }
  await onPhase?.('renamed');
  return isReplacing ? [aside] : [];
}

/**
 * Removes old checkpoints so that `limit` are left beside those in `keep`; never `newest`, which was committed last, and
 * nothing that is no checkpoint. Later steps, which the run has not reached, do not count and stay: they are damaged, or
 * of a run that was resumed from an older checkpoint.
 * @returns a warning for each that the system keeps
 */
export async function rotateCheckpoints(
  storage: Storage,
  { limit, newest, keep }: { readonly limit: number; readonly newest: number; readonly keep: ReadonlySet<number> },
): Promise<readonly string[]> {
  const older = (await checkpointSteps(storage)).filter((step) => step < newest && !keep.has(step));
  const warnings: string[] = [];
  for (const step of older.slice(0, Math.max(0, older.length - (limit - 1)))) {
    const path = checkpointPath(step);
    const kept = await discard(storage, path, async () => {
      // Renamed first: a removal that is cut short leaves a temporary, not a broken checkpoint.
      const name = removedName();
      await storage.rename(path, name);
      await storage.remove(name);
    });
    warnings.push(...kept);
  }
  return warnings;
}
