/** The manifest of a checkpoint directory: what it is made of, and what it belongs to. */

import { readJson, type Storage } from '@attune/hub';
import { isAttuneError } from '@attune/ir';
import { z } from 'zod';

export const CHECKPOINT_FORMAT = 1;
export const MANIFEST = 'manifest.json';

const manifestSchema = z.strictObject({
  format: z.number().int(),
  step: z.number().int().nonnegative(),
  created: z.string(),
  /** sha256 and bytes of each file. */
  files: z.record(z.string(), z.strictObject({ sha256: z.string(), bytes: z.number().int().nonnegative() })),
  /** What decides over the weights: arguments, strategies, data and model. */
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
    const parsed = manifestSchema.safeParse(await readJson(storage, `${path}/${MANIFEST}`));
    if (!parsed.success) return { valid: false, problem: `${path}/${MANIFEST} is not a manifest` };
    const manifest = parsed.data;
    if (manifest.format !== CHECKPOINT_FORMAT) {
      return {
        valid: false,
        problem: `${path} has format ${manifest.format}, this version reads ${CHECKPOINT_FORMAT}`,
      };
    }
    for (const [name, expected] of Object.entries(manifest.files)) {
      const bytes = await storage.read(`${path}/${name}`);
      if (bytes.length !== expected.bytes) {
        return { valid: false, problem: `${path}/${name} has ${bytes.length} bytes, not ${expected.bytes}` };
      }
      if ((await sha256(bytes)) !== expected.sha256) return { valid: false, problem: `${path}/${name} was changed` };
    }
    return { valid: true, manifest };
  } catch (error) {
    if (isAttuneError(error)) return { valid: false, problem: error.message };
    throw error;
  }
}

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
