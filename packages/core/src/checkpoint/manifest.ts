/** The manifest of a checkpoint directory: what it is made of, and what it belongs to. */
import { readJson, type Storage } from '@attune/hub';
import { canonicalJson, hashFile, sha256Of } from '@attune/hub/internal';
import { isAttuneError } from '@attune/ir';
import * as z from 'zod/mini';
import { count } from '../fields.js';
import { checkpointPath } from './names.js';

export const CHECKPOINT_FORMAT = 3;
export const MANIFEST = 'manifest.json';

const file = z.strictObject({ sha256: z.string(), bytes: count });

const manifestSchema = z.strictObject({
  format: z.int(),
  step: count,
  /** Optimizer steps that the run was to have in all. */
  steps: count,
  /** Whether nothing of the run was left to do: by its steps, or by early stopping. */
  finished: z.boolean(),
  created: z.string(),
  /** Versions of Attune and of what computed, for the record. */
  versions: z.record(z.string(), z.string()),
  /** sha256 and bytes of each file. */
  files: z.strictObject({ 'trainable.safetensors': file, 'optimizer.safetensors': file, 'trainer.json': file }),
  /** The training data: examples, and rows of its source that were left out. */
  data: z.strictObject({ examples: z.int(), skippedRows: z.int() }),
  /** What decides over the weights: arguments, strategies, data, model, backend and version of Attune. */
  run: z.record(z.string(), z.unknown()),
  /** Of all the other fields, in their canonical text. */
  sha256: z.string(),
});

export type Manifest = z.infer<typeof manifestSchema>;

export type Verdict =
  | { readonly valid: true; readonly manifest: Manifest }
  | { readonly valid: false; readonly problem: string };

/** A manifest with the hash of its own content. */
export function sealManifest(content: Omit<Manifest, 'sha256'>): Manifest {
  return { ...content, sha256: sha256Of(canonicalJson(content)) };
}

/**
 * Reads a checkpoint's manifest and checks it and every file against its hashes, and that the directory, the manifest
 * and the trainer's state have one step. Never throws for what is wrong with the files.
 * @param name what the directory is or will be called
 */
export async function verifyCheckpoint(
  storage: Storage,
  path: string,
  name: string = path.split('/').findLast((part) => part !== '') ?? path,
): Promise<Verdict> {
  try {
    const manifest = await readManifest(storage, path);
    if (typeof manifest === 'string') return { valid: false, problem: manifest };
    const problem = (await fileProblem(storage, path, manifest)) ?? (await stepProblem(storage, path, name, manifest));
    return problem === undefined ? { valid: true, manifest } : { valid: false, problem };
  } catch (error) {
    if (isAttuneError(error)) return { valid: false, problem: error.message.replace(/\.$/, '') };
    throw error;
  }
}

/** The manifest, or what is wrong with it. */
async function readManifest(storage: Storage, path: string): Promise<Manifest | string> {
  const content = await readJson(storage, `${path}/${MANIFEST}`);
  const format = z.object({ format: z.int() }).safeParse(content).data?.format;
  if (format !== undefined && format !== CHECKPOINT_FORMAT) return otherFormat(path, format);
  const parsed = manifestSchema.safeParse(content);
  if (!parsed.success) return `${path}/${MANIFEST} is not a manifest`;
  const { sha256, ...fields } = parsed.data;
  if (sealManifest(fields).sha256 !== sha256) return `${path}/${MANIFEST} was changed: its sha256 is another one`;
  return parsed.data;
}

function otherFormat(path: string, format: number): string {
  const age = format > CHECKPOINT_FORMAT ? 'a newer' : 'an older';
  return `${path} was written by ${age} version: it has format ${format}, this version reads ${CHECKPOINT_FORMAT}`;
}

async function fileProblem(storage: Storage, path: string, { files }: Manifest): Promise<string | undefined> {
  for (const [name, expected] of Object.entries(files)) {
    const size = await storage.size(`${path}/${name}`);
    if (size !== expected.bytes) return `${path}/${name} has ${size} bytes, not ${expected.bytes}`;
    const { sha256 } = await hashFile(storage, `${path}/${name}`);
    if (sha256 !== expected.sha256) return `${path}/${name} was changed: its sha256 is not the manifest's`;
  }
  return undefined;
}

async function stepProblem(
  storage: Storage,
  path: string,
  name: string,
  manifest: Manifest,
): Promise<string | undefined> {
  if (name !== checkpointPath(manifest.step)) {
    return `${path} holds the checkpoint of step ${manifest.step}, whose directory is ${checkpointPath(manifest.step)}`;
  }
  const trainer = z.object({ step: count }).safeParse(await readJson(storage, `${path}/trainer.json`)).data;
  if (trainer?.step === manifest.step) return undefined;
  return `${path}/trainer.json is of step ${trainer?.step ?? 'unknown'}, the manifest of step ${manifest.step}`;
}
