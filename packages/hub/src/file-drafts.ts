import type { Storage } from './storage.js';

const draftEnding = /^\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

/** Removes what interrupted writes of a file left beside it; not while another one may be at work there. */
export async function removeFileDrafts(storage: Storage, name: string): Promise<void> {
  if (!(await storage.exists(''))) return;
  for (const entry of await storage.list('')) {
    const isDraft = entry.name.startsWith(name) && draftEnding.test(entry.name.slice(name.length));
    if (isDraft) await storage.remove(entry.name);
  }
}
