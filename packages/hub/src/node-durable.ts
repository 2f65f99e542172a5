/** What makes names in directories durable, in Node. */
import { mkdir, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** fsync of a file or a directory. */
export async function syncPath(path: string): Promise<void> {
  await using directory = await open(path);
  await directory.sync();
}

/** Makes a directory with those above it; the names of those that it made are durable. */
export async function makeDirectories(path: string): Promise<void> {
  const directory = resolve(path);
  const first = await mkdir(directory, { recursive: true });
  if (first === undefined) return;
  for (let current = directory; current.length >= first.length; current = dirname(current)) {
    await syncPath(dirname(current));
  }
}
