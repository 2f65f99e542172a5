/** The cases of storages on the Origin Private File System, and what only that has. */
import { opfsStorage } from '../opfs/storage.js';
import { readText, writeFile } from '../storage.js';
import { storageCases } from './storage-cases.js';

/** What a case observes; the error where there is one. */
const observed = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => String(error));

/** A directory that was being renamed when its page was closed: one of two files was moved. */
async function interruptedRename() {
  const storage = await opfsStorage('interrupted');
  await writeFile(storage, 'after/first', 'moved');
  await writeFile(storage, 'before/inner/second', 'left');
  const id = crypto.randomUUID();
  await writeFile(storage, `.attune-rename-${id}.json`, JSON.stringify({ from: 'before', to: 'after' }));
  // Of a renaming that had not begun.
  await writeFile(storage, `.attune-rename-${crypto.randomUUID()}.json`, '');
  const hidden = await storage.list('');
  const again = await opfsStorage('interrupted');
  const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('interrupted');
  const left: string[] = [];
  for await (const name of root.keys()) left.push(name);
  return {
    hidden: hidden.map(({ name }) => name),
    first: await readText(again, 'after/first'),
    second: await readText(again, 'after/inner/second'),
    left,
  };
}

export default async () => {
  const cases: Record<string, unknown> = {};
  for (const [index, { name, observe }] of storageCases.entries()) {
    cases[name] = await observed(opfsStorage(`cases/${index}`).then(observe));
  }
  const kept = await opfsStorage('cases');
  return {
    cases,
    interrupted: await observed(interruptedRename()),
    name: kept.name,
    shared: await readText(await opfsStorage('cases/0/a'), 'b.txt'),
    freeBytes: await kept.freeBytes(),
  };
};
