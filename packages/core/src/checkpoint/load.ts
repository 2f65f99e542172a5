import { openSafetensors, type Storage } from '@attune/hub';
import { AttuneError, formatType, type HostTensor, sameType, type TensorType } from '@attune/ir';
import { verifyCheckpoint } from './manifest.js';
import { checkpointPath, type NamedCheckpoint, namedCheckpoints } from './names.js';
import { type FoundCheckpoint, unplacedCheckpoints } from './unplaced.js';

export interface Discovery {
  /** The newest checkpoint that verifies. */
  readonly found: FoundCheckpoint | undefined;
  /** What is wrong with newer ones, and what could not be cleared away. */
  readonly warnings: readonly string[];
}

/** Looks for the checkpoint of the highest step whose manifest verifies, also among those not in their place. */
export async function discoverCheckpoint(storage: Storage): Promise<Discovery> {
  const warnings: string[] = [];
  const unplaced = await unplacedCheckpoints(storage);
  const named = [...(await namedCheckpoints(storage)), ...[...unplaced.keys()].map(ofStep)];
  for (const { step, isDirectory } of named.sort((a, b) => b.step - a.step)) {
    const found = unplaced.get(step);
    if (found) return { found, warnings };
    const path = checkpointPath(step);
    const verdict = isDirectory ? await verifyCheckpoint(storage, path) : noDirectory(path);
    if (verdict.valid) return { found: { path, manifest: verdict.manifest }, warnings };
    warnings.push(`A newer checkpoint is not used: ${verdict.problem}.`);
  }
  return { found: undefined, warnings };
}

const ofStep = (step: number): NamedCheckpoint => ({ step, isDirectory: true });

const noDirectory = (path: string) => ({
  valid: false as const,
  problem: `${path} is a link or a file, not a directory; to use what a link leads to, resume from ${path} by name`,
});

/** A checkpoint that the user named. @throws AttuneError `E_CHECKPOINT` where it does not verify */
export async function requireCheckpoint(storage: Storage, path: string): Promise<FoundCheckpoint> {
  const verdict = await verifyCheckpoint(storage, path);
  if (verdict.valid) return { path, manifest: verdict.manifest };
  for (const [step, found] of await unplacedCheckpoints(storage)) if (checkpointPath(step) === path) return found;
  throw new AttuneError('E_CHECKPOINT', `The checkpoint cannot be used: ${verdict.problem}.`, {
    file: `${storage.name}/${path}`,
    hint: 'Resume without naming a checkpoint to use the newest one that is whole.',
  });
}

/** What a run's checkpoints hold. */
export interface CheckpointedTensors {
  /** The types of all tensors that each of them has. */
  stateTypes(): ReadonlyMap<string, TensorType>;
  /** Whether it may have another. */
  carries(name: string, type: TensorType): boolean;
}

/**
 * Parameters and state of a checkpoint, by name.
 * @throws AttuneError `E_CHECKPOINT` where the tensors are others, listing up to ten
 */
export async function readCheckpointTensors(
  storage: Storage,
  path: string,
  run: CheckpointedTensors,
): Promise<ReadonlyMap<string, HostTensor>> {
  const expected = run.stateTypes();
  const tensors = new Map<string, HostTensor>();
  for (const file of ['trainable.safetensors', 'optimizer.safetensors']) {
    const source = await openSafetensors(storage, `${path}/${file}`);
    for (const name of source.names) tensors.set(name, await source.read(name));
  }
  const problems = [...expected].flatMap(([name, type]) => {
    const found = tensors.get(name)?.type;
    if (!found) return [`there is no ${name}`];
    return sameType(found, type) ? [] : [`${name} is ${formatType(found)}, expected ${formatType(type)}`];
  });
  problems.push(
    ...[...tensors]
      .filter(([name, { type }]) => !expected.has(name) && !run.carries(name, type))
      .map(([name]) => `${name} is not of this run`),
  );
  if (problems.length === 0) return tensors;
  throw new AttuneError('E_CHECKPOINT', `The checkpoint holds other tensors: ${problems.slice(0, 10).join('; ')}.`, {
    file: `${storage.name}/${path}`,
  });
}
