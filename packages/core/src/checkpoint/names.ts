/** Names in a run's directory: what is ours there, and what is not touched. */
import type { Storage } from '@attune/hub';
import { isModelDraft } from '@attune/hub/internal';

/** Says where the newest checkpoint is; a hint for people, which nothing relies on. */
export const LATEST = 'latest.json';
export const LOCK = '.attune.lock';

const uuid = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}';
/** Files that are written straight into the directory. */
const written = String.raw`latest\.json|attune\.json|(adapter_)?config\.json|(adapter_)?model[\w.-]*\.(safetensors|index\.json)`;
/** A step has one name: no leading zeros, and no more digits than a number holds. */
const step = String.raw`(0|[1-9]\d{0,14})`;
const checkpoint = new RegExp(`^checkpoint-${step}$`);
/** A checkpoint that is being written, or that makes room for another one of its step. */
const unplaced = new RegExp(String.raw`^\.tmp-${step}-${uuid}$`);
const temporary = new RegExp(String.raw`^(\.tmp-(\d+|removed)-${uuid}|(${written})\.${uuid}\.tmp)$`);

/** Whether the entry is what an interrupted save left behind. */
export const isTemporary = (name: string): boolean => temporary.test(name) || isModelDraft(name);

/** A new name for a checkpoint that is being written, or that makes room for another one of its step. */
export const temporaryName = (step: number): string => `.tmp-${step}-${crypto.randomUUID()}`;

/** A new name for what is being removed, so that a removal that is cut short leaves no broken checkpoint. */
export const removedName = (): string => `.tmp-removed-${crypto.randomUUID()}`;

/** The step of what bears a name that `temporaryName` gave. */
export const stepOfTemporary = (name: string): number | undefined => stepIn(unplaced, name);

export const checkpointPath = (step: number): string => `checkpoint-${step}`;

export interface NamedCheckpoint {
  readonly step: number;
  /** False for a link or a file, which may bear the name of a checkpoint too. */
  readonly isDirectory: boolean;
}

/** What bears the name of a checkpoint in a directory, by step. */
export async function namedCheckpoints(storage: Storage): Promise<readonly NamedCheckpoint[]> {
  if (!(await storage.exists(''))) return [];
  const entries = await storage.list('');
  return entries
    .flatMap(({ name, kind }) => {
      const found = stepIn(checkpoint, name);
      return found === undefined ? [] : [{ step: found, isDirectory: kind === 'directory' }];
    })
    .sort((a, b) => a.step - b.step);
}

/** Steps of the checkpoints in a directory, ascending. */
export async function checkpointSteps(storage: Storage): Promise<number[]> {
  return (await namedCheckpoints(storage)).flatMap(({ step, isDirectory }) => (isDirectory ? [step] : []));
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

function stepIn(pattern: RegExp, name: string): number | undefined {
  const found = pattern.exec(name)?.[1];
  return found === undefined ? undefined : Number(found);
}
