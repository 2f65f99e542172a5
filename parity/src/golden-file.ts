/** The format of ops, optimizers and objectives: `<name>.json` beside `<name>.safetensors`. */
import { openSafetensors, readJson } from '@attune/hub';
import { AttuneError, type HostTensor } from '@attune/ir';
import { z } from 'zod';
import type { ParityFolder } from './parity-case.js';

const toleranceSchema = z.object({ rtol: z.number(), atol: z.number() });

export const goldenFileSchema = z.looseObject({
  op: z.string(),
  tolerance: toleranceSchema,
  cases: z.record(
    z.string(),
    z.looseObject({
      attributes: z.record(z.string(), z.unknown()).default({}),
      tolerance: toleranceSchema.partial().optional(),
      in: z.array(z.string()).default([]),
      out: z.array(z.string()).default([]),
      ct: z.array(z.string()).default([]),
      grad: z.array(z.string()).default([]),
      g: z.array(z.string()).default([]),
    }),
  ),
});

type GoldenFile = z.infer<typeof goldenFileSchema>;
export type GoldenCase = GoldenFile['cases'][string];

export interface LoadedCase {
  readonly id: string;
  readonly op: string;
  readonly name: string;
  readonly golden: GoldenCase;
  readonly tolerance: { readonly rtol: number; readonly atol: number };
  /** By `<kind>.<name>`. */
  load(): Promise<ReadonlyMap<string, HostTensor>>;
}

/** The cases of all files of this format in a folder. */
export async function goldenCases({ storage, path, files }: ParityFolder): Promise<readonly LoadedCase[]> {
  const found: LoadedCase[] = [];
  for (const file of files.filter((name) => name.endsWith('.json'))) {
    const data = file.replace(/\.json$/, '.safetensors');
    if (!files.includes(data)) continue;
    const parsed = goldenFileSchema.safeParse(await readJson(storage, join(path, file)));
    if (!parsed.success) continue;
    const { op, cases, tolerance } = parsed.data;
    for (const [name, golden] of Object.entries(cases)) {
      found.push({
        id: join(path, `${file.replace(/\.json$/, '')}/${name}`),
        op,
        name,
        golden,
        tolerance: { ...tolerance, ...golden.tolerance },
        async load() {
          const source = await openSafetensors(storage, join(path, data));
          const own = source.names.filter((key) => key.startsWith(`${name}/`));
          const tensors = new Map(
            await Promise.all(own.map(async (key) => [key.slice(name.length + 1), await source.read(key)] as const)),
          );
          const missing = namesOf(golden).filter((key) => !tensors.has(key));
          if (missing.length > 0) {
            throw new AttuneError('E_TENSOR_MISSING', `${join(path, data)} lacks ${missing.join(', ')} of ${name}.`);
          }
          return tensors;
        },
      });
    }
  }
  return found;
}

/** The tensors that a case says it has. */
function namesOf(golden: GoldenCase): string[] {
  const kinds = ['in', 'out', 'ct', 'grad', 'g'] as const;
  return kinds.flatMap((kind) => golden[kind].map((name) => `${kind}.${name}`));
}

export const join = (path: string, file: string): string => (path === '' ? file : `${path}/${file}`);
