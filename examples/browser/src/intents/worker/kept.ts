/** What lasts over a reload, in the Origin Private File System: the task, a model of the user's own, and checkpoints. */
import { opfsStorage, readJson, type Storage, writeFile, writeJson } from '@attune/hub';
import { type Settings, settingsSchema } from '../protocol.js';

const root = 'attune-intents';

export interface Task {
  readonly data: File;
  readonly settings: Settings;
}

/** Keeps a task, with the files of the model where it is not the base. */
export async function keepTask(task: Task, model: readonly File[]): Promise<Task> {
  const storage = await opfsStorage(root);
  for (const file of model) await writeFile(storage, `model/${file.name}`, await bytesOf(file));
  await writeFile(storage, `data/${task.data.name}`, await bytesOf(task.data));
  // Last, so that a task that is there is whole.
  await writeJson(storage, 'settings.json', task.settings);
  return task;
}

/** The task of the last visit, if there is one. */
export async function keptTask(): Promise<Task | undefined> {
  const storage = await opfsStorage(root);
  if (!(await storage.exists('settings.json'))) return undefined;
  const settings = settingsSchema.safeParse(await readJson(storage, 'settings.json')).data;
  const [entry] = await storage.list('data');
  if (!settings || !entry) return undefined;
  return { data: new File([await storage.read(`data/${entry.name}`)], entry.name), settings };
}

/** The user's own model of the task. */
export async function ownModel(): Promise<Storage | undefined> {
  const storage = await opfsStorage(root);
  return (await storage.exists('model')) ? opfsStorage(`${root}/model`) : undefined;
}

/** Where the checkpoints go. */
export const runDirectory = (): Promise<Storage> => opfsStorage(`${root}/run`);

/** The base stays, it serves the next task. */
export async function forgetTask(): Promise<void> {
  const storage = await opfsStorage(root);
  for (const path of ['settings.json', 'data', 'model', 'run']) await storage.remove(path);
}

const bytesOf = async (file: File): Promise<Uint8Array> => new Uint8Array(await file.arrayBuffer());
