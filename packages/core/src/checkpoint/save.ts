/** The commit protocol: temporary directory, files, manifest last, rename, sync, and only then rotation. */
import { type Storage, type TensorToWrite, writeFile, writeSafetensors } from '@attune/hub';
import { CHECKPOINT_FORMAT, checkpointPath, MANIFEST, sha256, verifyCheckpoint } from './manifest.js';

export const TEMPORARY_PREFIX = '.tmp-';

export interface CheckpointContent {
  readonly step: number;
  readonly parameters: readonly TensorToWrite[];
  readonly state: readonly TensorToWrite[];
  /** The trainer's position and scores, as JSON. */
  readonly trainer: Readonly<Record<string, unknown>>;
  readonly run: Readonly<Record<string, unknown>>;
}

/** Points of a save, in their order, for tests that interrupt it. */
export type SavePhase = 'begin' | 'parameters' | 'optimizer' | 'trainer' | 'manifest' | 'renamed' | 'synced' | 'latest';

export interface SaveOptions {
  readonly onPhase?: (phase: SavePhase) => Promise<void> | void;
}

/** Writes `checkpoint-<step>`; what was there under that name is replaced. Returns its path. */
export async function saveCheckpoint(
  storage: Storage,
  content: CheckpointContent,
  { onPhase }: SaveOptions = {},
): Promise<string> {
  const path = checkpointPath(content.step);
  const temporary = `${TEMPORARY_PREFIX}${content.step}-${crypto.randomUUID()}`;
  const at = (file: string) => `${temporary}/${file}`;
  try {
    await storage.makeDirectory(temporary);
    await onPhase?.('begin');
    await writeSafetensors(storage, at('trainable.safetensors'), content.parameters);
    await onPhase?.('parameters');
    await writeSafetensors(storage, at('optimizer.safetensors'), content.state);
    await onPhase?.('optimizer');
    await writeFile(storage, at('trainer.json'), `${JSON.stringify(content.trainer, null, 2)}\n`);
    await onPhase?.('trainer');
    const files: Record<string, { sha256: string; bytes: number }> = {};
    for (const file of ['trainable.safetensors', 'optimizer.safetensors', 'trainer.json']) {
      const bytes = await storage.read(at(file));
      files[file] = { sha256: await sha256(bytes), bytes: bytes.length };
    }
    const manifest = {
      format: CHECKPOINT_FORMAT,
      step: content.step,
      created: new Date().toISOString(),
      files,
      run: content.run,
    };
    await writeFile(storage, at(MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    await onPhase?.('manifest');
    await storage.remove(path);
    await storage.rename(temporary, path);
    await onPhase?.('renamed');
  } catch (error) {
    await storage.remove(temporary).catch(() => {});
    throw error;
  }
  await storage.syncDirectory('');
  await onPhase?.('synced');
  await writeFile(storage, 'latest.json', `${JSON.stringify({ step: content.step, path })}\n`);
  await onPhase?.('latest');
  return path;
}

/** Removes the oldest checkpoints beyond `limit`, never the newest that verifies nor those in `keep`. */
export async function rotateCheckpoints(storage: Storage, limit: number, keep: ReadonlySet<number>): Promise<void> {
  const steps = await checkpointSteps(storage);
  const removable = steps.filter((step) => !keep.has(step));
  const surplus = removable.slice(0, Math.max(0, removable.length - limit));
  if (surplus.length === 0) return;
  const newest = steps.at(-1);
  if (newest === undefined || !(await verifyCheckpoint(storage, checkpointPath(newest))).valid) return;
  for (const step of surplus) if (step !== newest) await storage.remove(checkpointPath(step));
}

/** Steps of the checkpoints in a directory, ascending. */
export async function checkpointSteps(storage: Storage): Promise<number[]> {
  if (!(await storage.exists(''))) return [];
  const entries = await storage.list('');
  return entries
    .flatMap(({ name, kind }) => {
      const step = kind === 'directory' ? /^checkpoint-(\d+)$/.exec(name)?.[1] : undefined;
      return step === undefined ? [] : [Number(step)];
    })
    .sort((a, b) => a - b);
}

/** Removes what an interrupted save left behind. */
export async function removeTemporaries(storage: Storage): Promise<void> {
  if (!(await storage.exists(''))) return;
  for (const { name } of await storage.list('')) {
    if (name.startsWith(TEMPORARY_PREFIX) || /^latest\.json\..*\.tmp$/.test(name)) await storage.remove(name);
  }
}
