/**
 * Renames directories, which browsers cannot do: the files are moved one by one. A journal says which renaming is under
 * way, and one that was cut short is finished when the storage is opened the next time.
 */
import * as z from 'zod/mini';
import { directoryAt, moveFile, placeOf } from './entries.js';

const journal = /^\.attune-rename-[0-9a-f-]{36}\.json$/;
const renamingSchema = z.object({ from: z.string().check(z.minLength(1)), to: z.string().check(z.minLength(1)) });

type Renaming = z.infer<typeof renamingSchema>;

/** Whether an entry of the root is a journal. */
export const isJournal = (name: string): boolean => journal.test(name);

/** @param to where nothing stands, or an empty directory */
export async function renameDirectory(root: FileSystemDirectoryHandle, from: string, to: string): Promise<void> {
  const name = `.attune-rename-${crypto.randomUUID()}.json`;
  const file = await root.getFileHandle(name, { create: true });
  const writer = await file.createWritable();
  await writer.write(JSON.stringify({ from, to } satisfies Renaming));
  await writer.close();
  await moveAll(root, { from, to });
  await root.removeEntry(name);
}

/** Finishes what was cut short. A journal that says nothing is of a renaming that had not begun. */
export async function finishRenames(root: FileSystemDirectoryHandle): Promise<void> {
  const names: string[] = [];
  for await (const name of root.keys()) if (isJournal(name)) names.push(name);
  for (const name of names) {
    const renaming = await readJournal(await root.getFileHandle(name));
    if (renaming) await moveAll(root, renaming);
    await root.removeEntry(name);
  }
}

async function readJournal(handle: FileSystemFileHandle): Promise<Renaming | undefined> {
  try {
    return renamingSchema.safeParse(JSON.parse(await (await handle.getFile()).text())).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function moveAll(root: FileSystemDirectoryHandle, { from, to }: Renaming): Promise<void> {
  const { parent, name } = await placeOf(root, from);
  const found = await parent.getDirectoryHandle(name).catch(() => undefined);
  // Everything was moved, and the journal was left.
  if (!found) return;
  await moveEntries(found, await directoryAt(root, to, true));
  await parent.removeEntry(name, { recursive: true });
}

async function moveEntries(source: FileSystemDirectoryHandle, target: FileSystemDirectoryHandle): Promise<void> {
  const entries: FileSystemHandle[] = [];
  for await (const entry of source.values()) entries.push(entry);
  for (const { kind, name } of entries) {
    if (kind === 'file') await moveFile(await source.getFileHandle(name), target, name);
    else
      await moveEntries(await source.getDirectoryHandle(name), await target.getDirectoryHandle(name, { create: true }));
  }
}
