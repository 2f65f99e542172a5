/** The manifest of a checkpoint directory: what it is made of, and what it belongs to. */
import { readJson, type Storage } from '@attune/hub';
import { isAttuneError } from '@attune/ir';
import { z } from 'zod';

export const CHECKPOINT_FORMAT = 1;
export const MANIFEST = 'manifest.json';
/** The files of a checkpoint beside its manifest. */
export const checkpointFiles = ['trainable.safetensors', 'optimizer.safetensors', 'trainer.json'] as const;

const file = z.strictObject({ sha256: z.string(), bytes: z.number().int().nonnegative() });

const manifestSchema = z.strictObject({
  format: z.number().int(),
  step: z.number().int().nonnegative(),
  created: z.string(),
  /** Versions of Attune and of what computed, for the record. */
  versions: z.record(z.string(), z.string()),
  /** sha256 and bytes of each file. */
  files: z.strictObject({ 'trainable.safetensors': file, 'optimizer.safetensors': file, 'trainer.json': file }),
  /** What decides over the weights: arguments, strategies, data, model and version of Attune. */
  run: z.record(z.string(), z.unknown()),
});

export type Manifest = z.infer<typeof manifestSchema>;

export type Verdict =
  | { readonly valid: true; readonly manifest: Manifest }
  | { readonly valid: false; readonly problem: string };

export const checkpointPath = (step: number): string => `checkpoint-${step}`;

/** Reads a checkpoint's manifest and checks every file against it. Never throws for what is wrong with the files. */
export async function verifyCheckpoint(storage: Storage, path: string): Promise<Verdict> {
  try {
    const content = await readJson(storage, `${path}/${MANIFEST}`);
    const format = z.object({ format: z.number().int() }).safeParse(content).data?.format;
    if (format !== undefined && format !== CHECKPOINT_FORMAT)
      return { valid: false, problem: otherFormat(path, format) };
    const parsed = manifestSchema.safeParse(content);
    if (!parsed.success) return { valid: false, problem: `${path}/${MANIFEST} is not a manifest` };
    for (const [name, expected] of Object.entries(parsed.data.files)) {
      const bytes = await storage.read(`${path}/${name}`);
      if (bytes.length !== expected.bytes) {
        return { valid: false, problem: `${path}/${name} has ${bytes.length} bytes, not ${expected.bytes}` };
      }
      if ((await sha256(bytes)) !== expected.sha256) {
        return { valid: false, problem: `${path}/${name} was changed: its sha256 is not the manifest's` };
      }
    }
    return { valid: true, manifest: parsed.data };
  } catch (error) {
    if (isAttuneError(error)) return { valid: false, problem: error.message.replace(/\.$/, '') };
    throw error;
  }
}

function otherFormat(path: string, format: number): string {
  const age = format > CHECKPOINT_FORMAT ? 'a newer' : 'an older';
  return `${path} was written by ${age} version: it has format ${format}, this version reads ${CHECKPOINT_FORMAT}`;
}

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
