/** A storage whose process ends after so many changes: later ones do not take place, nor does any cleaning up. */
import type { Storage } from '../storage.js';

export interface StoppingStorage extends Storage {
  /** Changes so far, those that were refused not counted. */
  readonly changes: number;
}

/**
 * @param limit changes that take place; unlimited by default
 * @param stop ends the process; what cannot be done throws by default
 */
export function stoppingStorage(
  storage: Storage,
  limit = Number.POSITIVE_INFINITY,
  stop: () => void = () => {},
): StoppingStorage {
  let changes = 0;
  const change = async <T>(action: () => Promise<T>): Promise<T> => {
    if (changes === limit) {
      stop();
      throw new Error('killed');
    }
    changes += 1;
    return action();
  };
  return {
    get changes() {
      return changes;
    },
    name: storage.name,
    exists: (path) => storage.exists(path),
    size: (path) => storage.size(path),
    read: (path, range) => storage.read(path, range),
    list: (path) => storage.list(path),
    async create(path) {
      const writer = await storage.create(path);
      return {
        write: (bytes) => change(() => writer.write(bytes)),
        close: () => change(() => writer.close()),
        abort: () => change(() => writer.abort()),
      };
    },
    makeDirectory: (path) => change(() => storage.makeDirectory(path)),
    rename: (from, to) => change(() => storage.rename(from, to)),
    remove: (path) => change(() => storage.remove(path)),
    syncDirectory: (path) => storage.syncDirectory(path),
    lock: (name) => storage.lock(name),
    requireUnlocked: (name) => storage.requireUnlocked(name),
    freeBytes: () => storage.freeBytes(),
  };
}
