/** Names in a run's directory: what is ours there, and what is not touched. */
import { isModelDraft, type Storage } from '@attune/hub';

/** Says where the newest checkpoint is; a hint for people, which nothing relies on. */
export const LATEST = 'latest.json';
export const LOCK = '.attune.lock';

const uuid = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}';
/** Files that are written straight into the directory. */
const written = String.raw`latest\.json|attune\.json|(adapter_)?config\.json|(adapter_)?model[\w.-]*\.(safetensors|index\.json)`;
const temporary = new RegExp(String.raw`^(\.tmp-\d+-${uuid}|(${written})\.${uuid}\.tmp)$`);
/** A step has one name: no leading zeros, and no more digits than a number holds. */
const checkpoint = /^checkpoint-(0|[1-9]\d{0,14})$/;

/** Whether the entry is what an interrupted save left behind. */
export const isTemporary = (name: string): boolean => temporary.test(name) || isModelDraft(name);

/** A new name for a directory that is being written or removed. */
export const temporaryName = (step: number): string => `.tmp-${step}-${crypto.randomUUID()}`;

export const checkpointPath = (step: number): string => `checkpoint-${step}`;

/** Steps of the checkpoints in a directory, ascending. */
export async function checkpointSteps(storage: Storage): Promise<number[]> {
  if (!(await storage.exists(''))) return [];
  const entries = await storage.list('');
  return entries
    .flatMap(({ name, kind }) => {
      const step = kind === 'directory' ? checkpoint.exec(name)?.[1] : undefined;
      return step === undefined ? [] : [Number(step)];
    })
    .sort((a, b) => a - b);
}

/** Removes what interrupted saves and locks left behind: names that only this package makes. */
export async function removeTemporaries(storage: Storage): Promise<void> {
  if (!(await storage.exists(''))) return;
  for (const { name } of await storage.list('')) if (isTemporary(name)) await storage.remove(name);
}

/** Entries of a run's directory other than the lock and what belongs to it. */
export async function entriesOf(storage: Storage): Promise<readonly string[]> {
  if (!(await storage.exists(''))) return [];
  return (await storage.list(''))
    .map(({ name }) => name)
    .filter((name) => name !== LOCK && !name.startsWith(`${LOCK}.`));
}

/** Whether the entry is a checkpoint or the hint that names one. */
export const isCheckpointEntry = (name: string): boolean => checkpoint.test(name) || name === LATEST;

/** Whether the entry is part of a finished model or adapter, which a new run would overwrite. */
export const isModelEntry = (name: string): boolean =>
  /\.(safetensors|bin|gguf|onnx)$|^(adapter_)?config\.json$/.test(name);
