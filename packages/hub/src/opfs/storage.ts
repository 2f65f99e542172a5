/** A directory of the browser's Origin Private File System, which lasts and which other origins do not see. */
import { AttuneError } from '@attune/ir';
import { cannotRead, diskError, diskFull, FILE_IN_THE_WAY, NOT_EMPTY } from '../disk-errors.js';
import { containedPath, type FileWriter, label, missingFile, type Storage, type StorageEntry } from '../storage.js';
import { directoryAt, entryAt, isEmpty, moveFile, nameOf, placeOf } from './entries.js';
import { requireFreeLock, takeLock } from './locks.js';
import { finishRenames, isJournal, renameDirectory } from './renames.js';

/**
 * Opens a directory of the Origin Private File System, and makes it where it is missing. Files appear whole or not at all;
 * a directory that is renamed may be seen half moved by other tabs, and is whole again when it is opened after a crash.
 * @param path of the directory; the file system's root by default
 * @throws AttuneError `E_PATH_ESCAPE`, `E_DISK` where there is no such file system or it refuses
 */
export async function opfsStorage(path = ''): Promise<Storage> {
  const contained = containedPath(path);
  const name = contained === '' ? 'opfs' : `opfs/${contained}`;
  if (!globalThis.navigator?.storage?.getDirectory) {
    throw diskError(name, 'this platform has no Origin Private File System');
  }
  const root = await guard(name, FILE_IN_THE_WAY, async () =>
    directoryAt(await navigator.storage.getDirectory(), contained, true),
  );
  // Nobody renames meanwhile, so that what is finished was really cut short.
  const alone = <T>(action: () => Promise<T>) => navigator.locks.request(`attune:${name}/renames`, action);
  const lockKey = (lock: string) => `attune:${name}/${containedPath(lock)}`;
  const storage: Storage = {
    name,
    async exists(path) {
      const found = containedPath(path);
      return guard(label(storage, found), FILE_IN_THE_WAY, async () => (await entryAt(root, found)) !== undefined);
    },
    size: async (path) => (await fileAt(path)).size,
    async read(path, range) {
      const file = await fileAt(path);
      return new Uint8Array(await (range ? file.slice(range.start, range.end) : file).arrayBuffer());
    },
    async create(path) {
      const target = containedPath(path);
      const file = label(storage, target);
      const { parent, name: own } = await guard(file, FILE_IN_THE_WAY, () => placeOf(root, target, true));
      return guard(file, FILE_IN_THE_WAY, () => createFile(parent, own, file));
    },
    async list(path) {
      const found = containedPath(path);
      return guard(label(storage, found), FILE_IN_THE_WAY, async () => entriesOf(await directoryAt(root, found)));
    },
    async makeDirectory(path) {
      const wanted = containedPath(path);
      await guard(label(storage, wanted), FILE_IN_THE_WAY, () => directoryAt(root, wanted, true));
    },
    async rename(from, to) {
      const [source, target] = [containedPath(from), containedPath(to)];
      const file = label(storage, source);
      await guard(file, FILE_IN_THE_WAY, () => alone(() => rename(root, source, target, file)));
    },
    async remove(path) {
      const found = containedPath(path);
      await guard(label(storage, found), FILE_IN_THE_WAY, async () => {
        if ((await entryAt(root, found)) === undefined) return;
        const { parent, name: own } = await placeOf(root, found);
        await parent.removeEntry(own, { recursive: true });
      });
    },
    async syncDirectory() {},
    lock: async (lock) => takeLock(lockKey(lock), name),
    requireUnlocked: async (lock) => requireFreeLock(lockKey(lock), name),
    freeBytes,
  };
  const fileAt = async (path: string): Promise<File> => {
    const found = containedPath(path);
    const file = label(storage, found);
    if (found === '') throw cannotRead(file, 'a directory');
    return guard(file, 'it is a directory', async () => {
      const { parent, name: own } = await placeOf(root, found);
      return (await parent.getFileHandle(own)).getFile();
    });
  };
  await guard(name, FILE_IN_THE_WAY, () => alone(() => finishRenames(root)));
  return storage;
}

/** Streams into a temporary neighbour and moves it into place. */
async function createFile(parent: FileSystemDirectoryHandle, name: string, file: string): Promise<FileWriter> {
  const temporary = `${name}.${crypto.randomUUID()}.tmp`;
  const handle = await parent.getFileHandle(temporary, { create: true });
  const writable = await handle.createWritable();
  const abort = async () => {
    await writable.abort().catch(() => {});
    await parent.removeEntry(temporary).catch(() => {});
  };
  const orAbort = (neededBytes: number, action: () => Promise<void>) =>
    guard(file, 'it is a directory', action, neededBytes).catch(async (error: unknown) => {
      await abort();
      throw error;
    });
  return {
    write: (bytes) => orAbort(bytes.length, () => writable.write(unshared(bytes))),
    close: () =>
      orAbort(0, async () => {
        await writable.close();
        await moveFile(handle, parent, name);
      }),
    abort,
  };
}

/** Browsers write no memory that is shared between threads. */
const unshared = ({ buffer, byteOffset, length }: Uint8Array): Uint8Array<ArrayBuffer> =>
  buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer, byteOffset, length)
    : Uint8Array.from(new Uint8Array(buffer, byteOffset, length));

async function entriesOf(directory: FileSystemDirectoryHandle): Promise<readonly StorageEntry[]> {
  const entries: StorageEntry[] = [];
  for await (const { name, kind } of directory.values()) if (!isJournal(name)) entries.push({ name, kind });
  return entries.sort((a, b) => a.name.localeCompare(b.name));
}

/** @throws AttuneError `E_FILE_MISSING`, `E_DISK` where something is in the way */
async function rename(root: FileSystemDirectoryHandle, from: string, to: string, file: string): Promise<void> {
  const [source, target] = [await entryAt(root, from), await entryAt(root, to)];
  if (!source) throw missingFile(file);
  if (source.kind === 'file') {
    const { parent, name } = await placeOf(root, to);
    if (target?.kind === 'directory') throw diskError(file, 'it is a directory');
    await moveFile(source, parent, name);
    return;
  }
  if (target?.kind === 'file') throw diskError(file, FILE_IN_THE_WAY);
  if (target?.kind === 'directory' && !(await isEmpty(target))) throw diskError(file, NOT_EMPTY);
  await renameDirectory(root, from, to);
}

async function freeBytes(): Promise<number | undefined> {
  const { quota, usage } = await navigator.storage.estimate();
  return quota === undefined || usage === undefined ? undefined : quota - usage;
}

/** @param mismatch what is wrong where there is a file in place of a directory, or the other way round */
async function guard<T>(file: string, mismatch: string, action: () => Promise<T>, neededBytes = 0): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (cause instanceof AttuneError) throw cause;
    switch (nameOf(cause)) {
      case 'NotFoundError':
        throw missingFile(file);
      case 'TypeMismatchError':
        throw diskError(file, mismatch, cause);
      case 'QuotaExceededError':
        throw diskFull(file, neededBytes, await freeBytes(), cause);
      default:
        throw diskError(file, cause instanceof Error ? cause.message : String(cause), cause);
    }
  }
}
