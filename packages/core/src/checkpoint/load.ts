import { openSafetensors, readJson, type Storage } from '@attune/hub';
import { AttuneError, formatType, type HostTensor, sameType, type TensorType } from '@attune/ir';
import { type Manifest, verifyCheckpoint } from './manifest.js';
import { checkpointPath, checkpointSteps } from './names.js';

export interface FoundCheckpoint {
  readonly path: string;
  readonly manifest: Manifest;
}

export interface Discovery {
  /** The newest checkpoint that verifies. */
  readonly found: FoundCheckpoint | undefined;
  /** What is wrong with newer ones. */
  readonly problems: readonly string[];
}

/** Looks for the checkpoint of the highest step whose manifest verifies. */
export async function discoverCheckpoint(storage: Storage): Promise<Discovery> {
  const problems: string[] = [];
  for (const step of (await checkpointSteps(storage)).reverse()) {
    const path = checkpointPath(step);
    const verdict = await verifyCheckpoint(storage, path);
    if (verdict.valid) return { found: { path, manifest: verdict.manifest }, problems };
    problems.push(verdict.problem);
  }
  return { found: undefined, problems };
}

/** A checkpoint that the user named. @throws AttuneError `E_CHECKPOINT` where it does not verify */
export async function requireCheckpoint(storage: Storage, path: string): Promise<FoundCheckpoint> {
  const verdict = await verifyCheckpoint(storage, path);
  if (verdict.valid) return { path, manifest: verdict.manifest };
  throw new AttuneError('E_CHECKPOINT', `The checkpoint cannot be used: ${verdict.problem}.`, {
    file: `${storage.name}/${path}`,
    hint: 'Resume without naming a checkpoint to use the newest one that is whole.',
  });
}

/**
 * Parameters and optimizer state of a checkpoint, by name.
 * @param expected the types of all tensors that the run has
 * @throws AttuneError `E_CHECKPOINT` where the tensors are others, listing up to ten
 */
export async function readCheckpointTensors(
  storage: Storage,
  path: string,
  expected: ReadonlyMap<string, TensorType>,
): Promise<ReadonlyMap<string, HostTensor>> {
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
    ...[...tensors.keys()].filter((name) => !expected.has(name)).map((name) => `${name} is not of this run`),
  );
  if (problems.length === 0) return tensors;
  throw new AttuneError('E_CHECKPOINT', `The checkpoint holds other tensors: ${problems.slice(0, 10).join('; ')}.`, {
    file: `${storage.name}/${path}`,
  });
}

export async function readTrainerState(storage: Storage, path: string): Promise<unknown> {
  return readJson(storage, `${path}/trainer.json`);
}
