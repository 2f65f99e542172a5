/** A file that a command writes: whole or not at all, by one command at a time. */
import { basename, dirname, resolve } from 'node:path';
import type { FileWriter } from '@attune/hub';
import { removeFileDrafts } from '@attune/hub/internal';
import { nodeStorage } from '@attune/hub/node';

/**
 * Begins the file, under a lock of its own that lasts until it is closed, given up or cannot be written. What interrupted
 * commands left of it is removed first.
 * @throws AttuneError `E_LOCKED`, `E_DISK`
 */
export async function createOutputFile(path: string): Promise<FileWriter> {
  const storage = nodeStorage(dirname(resolve(path)));
  const name = basename(path);
  const unlock = await storage.lock(`.${name}.attune.lock`);
  const orUnlock = async <T>(action: () => Promise<T>): Promise<T> => {
    try {
      return await action();
    } catch (error) {
      await unlock().catch(() => {});
      throw error;
    }
  };
  const writer = await orUnlock(async () => {
    await removeFileDrafts(storage, name);
    return storage.create(name);
  });
  return {
    write: (bytes) => orUnlock(() => writer.write(bytes)),
    async close() {
      await orUnlock(() => writer.close());
      await unlock();
    },
    async abort() {
      await orUnlock(() => writer.abort());
      await unlock();
    },
  };
}

/** Writes the file as a whole. @throws AttuneError as `createOutputFile` */
export async function writeOutputFile(path: string, bytes: Uint8Array): Promise<void> {
  const writer = await createOutputFile(path);
  await writer.write(bytes);
  await writer.close();
}
