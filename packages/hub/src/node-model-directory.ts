/** Model directories that others made, in Node: their links are looked at before they are followed. */
import { realpath } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { AttuneError } from '@attune/ir';
import { nodeStorage } from './node-storage.js';
import { containedPath, label, type Storage } from './storage.js';

/**
 * A directory whose files are read only where they are its own. Links that lead out could name any file of this
 * machine, which a save would then copy. Those of the Hugging Face cache, whose snapshots link to its blobs, are followed.
 */
export function nodeModelDirectory(root: string): Storage {
  const storage = nodeStorage(root);
  const requireOwn = async (path: string): Promise<void> => {
    const [own, target] = await Promise.all([realOf(root), realOf(join(root, containedPath(path)))]);
    // What is not there, reading says.
    if (own === undefined || target === undefined) return;
    if (isWithin(target, own) || isWithin(target, blobsOf(own))) return;
    const file = label(storage, path);
    throw new AttuneError('E_PATH_ESCAPE', `${file} is a link that leads out of its directory, to ${target}.`, {
      file,
      hint: 'Put the file itself there; only links of the Hugging Face cache to its blobs are followed.',
    });
  };
  return {
    ...storage,
    async exists(path) {
      await requireOwn(path);
      return storage.exists(path);
    },
    async size(path) {
      await requireOwn(path);
      return storage.size(path);
    },
    async read(path, range) {
      await requireOwn(path);
      return storage.read(path, range);
    },
    async list(path) {
      await requireOwn(path);
      return storage.list(path);
    },
  };
}

/** A model directory by its path, or the storage itself. */
export function openModelDirectory(directory: Storage | string): Storage {
  return typeof directory === 'string' ? nodeModelDirectory(resolve(directory)) : directory;
}

const realOf = (path: string): Promise<string | undefined> => realpath(path).catch(() => undefined);

const isWithin = (path: string, directory: string | undefined): boolean =>
  directory !== undefined &&
  (path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep));

/** `blobs` beside `snapshots`, for a directory in the latter. */
function blobsOf(directory: string): string | undefined {
  const parts = directory.split(sep);
  const snapshots = parts.lastIndexOf('snapshots');
  return snapshots < 0 ? undefined : [...parts.slice(0, snapshots), 'blobs'].join(sep);
}
