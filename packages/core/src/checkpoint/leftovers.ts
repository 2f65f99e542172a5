/** What is no longer needed in a run's directory. A run goes on if the system does not let it be removed. */
import type { Storage } from '@attune/hub';
import { isAttuneError } from '@attune/ir';
import { isTemporary } from './names.js';

/** @param remove removes the entry @returns a warning if the system keeps it */
export async function discard(
  storage: Storage,
  name: string,
  remove = () => storage.remove(name),
): Promise<readonly string[]> {
  try {
    await remove();
    return [];
  } catch (error) {
    if (!isAttuneError(error)) throw error;
    return [`${storage.name}/${name} is no longer needed and cannot be removed: ${error.message}`];
  }
}

/** Removes what interrupted saves and locks left behind: names that only this package makes. @returns warnings */
export async function removeTemporaries(storage: Storage): Promise<readonly string[]> {
  if (!(await storage.exists(''))) return [];
  const warnings: string[] = [];
  for (const { name } of await storage.list('')) {
    if (isTemporary(name)) warnings.push(...(await discard(storage, name)));
  }
  return warnings;
}
