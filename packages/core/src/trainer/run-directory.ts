/** A run's output directory before training: whose it is, what an interrupted run left there, where to go on from. */
import { label, type Storage } from '@attune/hub';
import { AttuneError, byteLength, type TensorType } from '@attune/ir';
import { removeTemporaries } from '../checkpoint/leftovers.js';
import { type Discovery, discoverCheckpoint, requireCheckpoint } from '../checkpoint/load.js';
import { checkpointPath, entriesOf, isCheckpointEntry, isModelEntry, isTemporary, LOCK } from '../checkpoint/names.js';
import { placeCheckpoints, unplacedCheckpoints } from '../checkpoint/unplaced.js';
import { recordFiles } from './run-record.js';

/**
 * Puts whole checkpoints of interrupted saves in their place, clears what else these left, and finds the checkpoint to go on from. Nothing else is removed.
 * @param resume `true`: the newest checkpoint that verifies, none where there is none; a path: that one; `false`: none
 * @throws AttuneError `E_OUTPUT_EXISTS` where a new run would mix with what is there, `E_CHECKPOINT`, `E_DISK`
 */
export async function openRunDirectory(output: Storage, resume: boolean | string): Promise<Discovery> {
  await placeCheckpoints(output);
  const warnings = await removeTemporaries(output);
  const discovery = await discover(output, resume);
  return { ...discovery, warnings: [...warnings, ...discovery.warnings] };
}

/**
 * What taking the lock and `openRunDirectory` would find and throw, without changing anything.
 * @throws AttuneError `E_LOCKED`, and as `openRunDirectory`
 */
export async function inspectRunDirectory(output: Storage, resume: boolean | string): Promise<Discovery> {
  await output.requireUnlocked(LOCK);
  return discover(output, resume);
}

async function discover(output: Storage, resume: boolean | string): Promise<Discovery> {
  if (typeof resume === 'string') return { found: await requireCheckpoint(output, resume), warnings: [] };
  const unplaced = [...(await unplacedCheckpoints(output)).keys()].map(checkpointPath);
  const record = await recordFiles(output);
  const own = (name: string) => isTemporary(name) || record.includes(name);
  const entries = [...unplaced, ...(await entriesOf(output)).filter((name) => !own(name))];
  if (!resume) {
    if (entries.length > 0) throw occupied(output, entries);
    return { found: undefined, warnings: [] };
  }
  const discovery = await discoverCheckpoint(output);
  const foreign = entries.filter((name) => !isCheckpointEntry(name) && isModelEntry(name));
  if (!discovery.found && foreign.length > 0) throw occupied(output, foreign);
  return discovery;
}

function occupied(output: Storage, entries: readonly string[]): AttuneError {
  const run = entries.some(isCheckpointEntry) ? 'another run' : 'other files';
  const more = entries.length > 1 ? ` and ${entries.length - 1} more` : '';
  return new AttuneError('E_OUTPUT_EXISTS', `${output.name} holds ${run}: ${entries[0]}${more}.`, {
    file: label(output, entries[0] ?? ''),
    hint: 'Continue that run with --resume, or choose another output directory.',
  });
}

/** Bytes of tensors of these types together. */
export function bytesOf(types: Iterable<TensorType>): number {
  let bytes = 0;
  for (const type of types) bytes += byteLength(type);
  return bytes;
}

export interface SpaceNeeds {
  /** What a checkpoint holds. */
  readonly checkpoint: Iterable<TensorType>;
  /** Checkpoints that are kept at a time; 0 if only an interruption leaves one. */
  readonly kept: number;
  /** What the finished model or adapter holds. */
  readonly model: Iterable<TensorType>;
}

/** A sentence if the disk has too little space for the checkpoints of a run and the model that it ends with. */
export async function spaceWarning(
  output: Storage,
  { checkpoint, kept, model }: SpaceNeeds,
): Promise<string | undefined> {
  const free = await output.freeBytes();
  if (free === undefined) return undefined;
  const needed = bytesOf(checkpoint) * (kept + 1) + bytesOf(model);
  if (free >= needed) return undefined;
  const checkpoints = kept === 0 ? 'a checkpoint' : `${kept} checkpoints, one being written`;
  return `${output.name} has ${free} bytes free; ${checkpoints} and the finished model need ${needed}.`;
}
