import { AttuneError, type ErrorCode } from '@attune/ir';

/** A byte range, `end` exclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface StorageEntry {
  readonly name: string;
  readonly kind: 'file' | 'directory';
}

/** A file being written. Nothing is there under the file's name before `close`. */
export interface FileWriter {
  write(bytes: Uint8Array): Promise<void>;
  /** Makes the file durable (fsync where there is one). */
  close(): Promise<void>;
  /** Gives the file up. */
  abort(): Promise<void>;
}

/**
 * A directory tree: on disk in Node, in OPFS or in memory in browsers. Paths are relative, with `/`; they cannot leave
 * the root. Failures of the disk are AttuneError `E_DISK` with the path.
 */
export interface Storage {
  /** How error messages call the root. */
  readonly name: string;
  exists(path: string): Promise<boolean>;
  /** @throws AttuneError `E_FILE_MISSING` */
  size(path: string): Promise<number>;
  /** The whole file, or a part of it. @throws AttuneError `E_FILE_MISSING` */
  read(path: string, range?: ByteRange): Promise<Uint8Array<ArrayBuffer>>;
  /** Writes a file, and makes its directory where that is missing. */
  create(path: string): Promise<FileWriter>;
  /** By name. @throws AttuneError `E_FILE_MISSING` */
  list(path: string): Promise<readonly StorageEntry[]>;
  /** With those above it. */
  makeDirectory(path: string): Promise<void>;
  /**
   * Renames a file or a directory, atomically where the system can. A file replaces a file, a directory an empty one.
   * @throws AttuneError `E_FILE_MISSING`, `E_DISK` where something else is in the way
   */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or a directory with all that is in it; nothing where there is nothing. */
  remove(path: string): Promise<void>;
  /** Makes the names in a directory durable (fsync where there is one). */
  syncDirectory(path: string): Promise<void>;
  /**
   * Takes the lock of that name for this process, until the result is called.
   * @throws AttuneError `E_LOCKED` that names the process, host and time of the holder
   */
  lock(name: string): Promise<() => Promise<void>>;
  /** Changes nothing. @throws AttuneError `E_LOCKED` where `lock` would throw it */
  requireUnlocked(name: string): Promise<void>;
  /** Bytes that can still be written; undefined where that is not known. */
  freeBytes(): Promise<number | undefined>;
}

/** Writes a small file as a whole. */
export async function writeFile(storage: Storage, path: string, content: Uint8Array | string): Promise<void> {
  const writer = await storage.create(path);
  await writer.write(typeof content === 'string' ? new TextEncoder().encode(content) : content);
  await writer.close();
}

/** Refuses a pointer of Git LFS; what tells one is loaded for files that begin like one. @throws AttuneError `E_LFS_POINTER` */
export async function requireNoPointer(bytes: Uint8Array, file: string): Promise<void> {
  const [v, e] = [118, 101];
  if (bytes[0] === v && bytes[1] === e) (await import('./lfs-pointer.js')).requireNoLfsPointer(bytes, file);
}

/** Reads a file as UTF-8. @throws AttuneError `E_FILE_MISSING`, `E_FILE_ENCODING`, `E_LFS_POINTER` */
export async function readText(storage: Storage, path: string): Promise<string> {
  const bytes = await storage.read(path);
  await requireNoPointer(bytes, label(storage, path));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AttuneError('E_FILE_ENCODING', `${label(storage, path)} is not valid UTF-8.`, {
      file: label(storage, path),
      cause,
    });
  }
}

/**
 * Refuses a file beyond a size, before anything of it is read.
 * @throws AttuneError with the code given, that names the file, its size and the limit; `E_FILE_MISSING`
 */
export async function requireSize(storage: Storage, path: string, maxBytes: number, code: ErrorCode): Promise<void> {
  const size = await storage.size(path);
  if (size <= maxBytes) return;
  const file = label(storage, path);
  throw new AttuneError(code, `${file} has ${size} bytes, the limit is ${maxBytes}.`, { file });
}

/** How error messages call a file. */
export const label = (storage: Pick<Storage, 'name'>, path: string): string =>
  `${storage.name}/${path}`.replace(/\/$/, '');

/** A relative path in normal form. @throws AttuneError `E_PATH_ESCAPE` for one that is absolute or leaves the root. */
export function containedPath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const escapes = path.startsWith('/') || /^[a-z]:|\\|\0/i.test(path) || parts.includes('..');
  if (escapes) throw new AttuneError('E_PATH_ESCAPE', `The path "${path}" leaves its directory.`, { file: path });
  return parts.join('/');
}

export function missingFile(file: string): AttuneError {
  return new AttuneError('E_FILE_MISSING', `There is no file ${file}.`, { file });
}
