/** Files and directories of the Origin Private File System, by paths in normal form below a directory. */

/** All browsers can move files there; TypeScript's library does not know it. */
interface MovableFile extends FileSystemFileHandle {
  move(parent: FileSystemDirectoryHandle, name: string): Promise<void>;
}

const isMovable = (file: FileSystemFileHandle): file is MovableFile =>
  'move' in file && typeof file.move === 'function';

/** Replaces a file of that name. @throws TypeError where the browser cannot move files */
export async function moveFile(
  file: FileSystemFileHandle,
  parent: FileSystemDirectoryHandle,
  name: string,
): Promise<void> {
  if (!isMovable(file)) throw new TypeError('this browser cannot move files');
  await file.move(parent, name);
}

export interface Place {
  readonly parent: FileSystemDirectoryHandle;
  readonly name: string;
}

/** The directory of a path, and the path's last part. @param create makes directories that are missing */
export async function placeOf(root: FileSystemDirectoryHandle, path: string, create = false): Promise<Place> {
  const parts = path.split('/');
  const name = parts.pop() ?? '';
  return { parent: await directoryOf(root, parts, create), name };
}

/** @param path '' for the root itself */
export const directoryAt = (
  root: FileSystemDirectoryHandle,
  path: string,
  create = false,
): Promise<FileSystemDirectoryHandle> => directoryOf(root, path === '' ? [] : path.split('/'), create);

async function directoryOf(root: FileSystemDirectoryHandle, parts: readonly string[], create: boolean) {
  let directory = root;
  for (const part of parts) directory = await directory.getDirectoryHandle(part, { create });
  return directory;
}

/** What the path leads to. */
export async function entryAt(
  root: FileSystemDirectoryHandle,
  path: string,
): Promise<FileSystemFileHandle | FileSystemDirectoryHandle | undefined> {
  if (path === '') return root;
  try {
    const { parent, name } = await placeOf(root, path);
    return await parent.getFileHandle(name).catch((error: unknown) => {
      if (nameOf(error) !== 'TypeMismatchError') throw error;
      return parent.getDirectoryHandle(name);
    });
  } catch (error) {
    if (['NotFoundError', 'TypeMismatchError'].includes(nameOf(error))) return undefined;
    throw error;
  }
}

export async function isEmpty(directory: FileSystemDirectoryHandle): Promise<boolean> {
  for await (const _ of directory.keys()) return false;
  return true;
}

/** The name of an exception of the browser; '' for what is none. */
export const nameOf = (error: unknown): string => (error instanceof DOMException ? error.name : '');
