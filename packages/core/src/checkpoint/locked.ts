import type { Storage } from '@attune/hub';
import { LOCK } from './names.js';

/**
 * Does something in a directory that is locked meanwhile, so that no run of another process works there.
 * @throws AttuneError `E_LOCKED`, `E_DISK` where the lock cannot be removed, and what `action` throws, which comes first
 */
export async function whileLocked(directory: Storage, action: () => Promise<void>): Promise<void> {
  const unlock = await directory.lock(LOCK);
  try {
    await action();
  } catch (error) {
    await unlock().catch(() => {});
    throw error;
  }
  await unlock();
}
