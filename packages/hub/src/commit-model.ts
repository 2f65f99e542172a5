/** Puts a model or an adapter into a directory so that it is there whole or not at all, whenever the process ends. */
import { indexFile, singleFile, weightsNames } from './safetensors/weights-files.js';
import type { Storage } from './storage.js';
import { below } from './storage-below.js';

/** The files that make a directory a model or an adapter: they come last and go first. */
const markers: readonly string[] = ['config.json', 'adapter_config.json'];
/** What says how the files of the directory are meant; it goes with the model that it describes. */
const ATTUNE_FILE = 'attune.json';
/** What readers of weights begin with. */
const weightsEntries = (): readonly string[] => weightsNames.flatMap((name) => [singleFile(name), indexFile(name)]);

const draft = /^\.tmp-model-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether an entry of a directory is what an interrupted `commitModel` left there. */
export const isModelDraft = (name: string): boolean => draft.test(name);

/** Removes what interrupted calls of `commitModel` left; not while another one may be at work there. */
export async function removeModelDrafts(target: Storage): Promise<void> {
  if (!(await target.exists(''))) return;
  for (const { name } of await target.list('')) if (isModelDraft(name)) await target.remove(name);
}

/**
 * Writes models or adapters with all their files: first into a draft beside them, then renamed into place. An older model
 * in the same directory stays whole until the draft is, and stops being one before any of its files is replaced. What
 * fails in `write` leaves the target as it was.
 * @param write fills the draft, an empty directory; it may have directories, each with a model of its own
 * @throws what `write` throws, AttuneError `E_DISK`
 */
export async function commitModel(target: Storage, write: (draft: Storage) => Promise<void>): Promise<void> {
  const name = `.tmp-model-${crypto.randomUUID()}`;
  try {
    await target.makeDirectory(name);
    await write(below(target, name));
    await moveInto(target, name, '');
  } finally {
    // What cannot be removed now is removed by the next run.
    await target.remove(name).catch(() => {});
  }
}

/**
 * Moves what lies in `directory` of the draft to the same place in the target. A model stops being one before what lies
 * deeper is replaced, and is one again after that.
 */
async function moveInto(target: Storage, draftName: string, directory: string): Promise<void> {
  const at = (name: string) => (directory === '' ? name : `${directory}/${name}`);
  const entries = await target.list(directory === '' ? draftName : `${draftName}/${directory}`);
  const files = entries.flatMap(({ name, kind }) => (kind === 'file' ? [name] : []));
  if (files.length > 0) {
    if (directory !== '') await target.makeDirectory(directory);
    for (const name of replaced(files)) if (await target.exists(at(name))) await target.remove(at(name));
    await target.syncDirectory(directory);
  }
  for (const { name, kind } of entries) if (kind === 'directory') await moveInto(target, draftName, at(name));
  if (files.length === 0) return;
  const move = async (names: readonly string[]) => {
    for (const name of names) await target.rename(`${draftName}/${at(name)}`, at(name));
    await target.syncDirectory(directory);
  };
  await move(files.filter((name) => !markers.includes(name)));
  await move(files.filter((name) => markers.includes(name)));
}

/** The files of an older model that would contradict the new ones, in the order in which they go. */
function replaced(files: readonly string[]): readonly string[] {
  const entries = weightsEntries();
  const hasWeights = files.some((name) => entries.includes(name));
  return [...markers, ATTUNE_FILE, ...(hasWeights ? entries.filter((name) => !files.includes(name)) : [])];
}
