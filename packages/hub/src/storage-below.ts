import { containedPath, label, type Storage } from './storage.js';

/** A directory of a storage as a storage of its own. */
export function below(storage: Storage, directory: string): Storage {
  const at = (path: string) => {
    const inner = containedPath(path);
    return inner === '' ? directory : `${directory}/${inner}`;
  };
  return {
    name: label(storage, directory),
    exists: (path) => storage.exists(at(path)),
    size: (path) => storage.size(at(path)),
    read: (path, range) => storage.read(at(path), range),
    create: (path) => storage.create(at(path)),
    list: (path) => storage.list(at(path)),
    makeDirectory: (path) => storage.makeDirectory(at(path)),
    rename: (from, to) => storage.rename(at(from), at(to)),
    remove: (path) => storage.remove(at(path)),
    syncDirectory: (path) => storage.syncDirectory(at(path)),
    lock: (name) => storage.lock(at(name)),
    requireUnlocked: (name) => storage.requireUnlocked(at(name)),
    freeBytes: () => storage.freeBytes(),
  };
}
