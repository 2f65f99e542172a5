import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Device, type HostTensor, hostTensor, referenceBackend } from '@attune/ir';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { worstError } from '../tolerance.js';
import { type GoldenAttributes, runOptimizerCase } from './optimizers.js';

interface GoldenFile {
  readonly op: string;
  readonly tolerance: { readonly rtol: number; readonly atol: number };
  readonly cases: Readonly<
    Record<
      string,
      { readonly attributes: GoldenAttributes; readonly out: string[]; readonly tolerance?: GoldenFile['tolerance'] }
    >
  >;
}

const folder = fileURLToPath(new URL('../../../../../shared/golden/optimizers/', import.meta.url));

/** The f32 tensors of a case, by their names within it. */
function readCase(bytes: Buffer, name: string): Map<string, HostTensor> {
  const headerLength = Number(bytes.readBigUInt64LE(0));
  const header: Record<string, { shape: number[]; data_offsets: [number, number] }> = JSON.parse(
    bytes.toString('utf8', 8, 8 + headerLength),
  );
  const start = bytes.byteOffset + 8 + headerLength;
  return new Map(
    Object.entries(header)
      .filter(([key]) => key.startsWith(`${name}/`))
      .map(
        ([
          key,
          {
            shape,
            data_offsets: [from, to],
          },
        ]) => [
          key.slice(name.length + 1),
          hostTensor(shape, new Float32Array(bytes.buffer.slice(start + from, start + to))),
        ],
      ),
  );
}

describe('golden optimizers', () => {
  let device: Device;
  beforeAll(async () => {
    device = await referenceBackend().open();
  });
  afterAll(() => device[Symbol.asyncDispose]());

  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const { op, cases, tolerance }: GoldenFile = JSON.parse(readFileSync(folder + file, 'utf8'));
    const bytes = readFileSync(folder + file.replace('.json', '.safetensors'));
    for (const [name, golden] of Object.entries(cases)) {
      test(`${op} ${name}`, async () => {
        const tensors = readCase(bytes, name);
        const outputs = await runOptimizerCase({ op, name, attributes: golden.attributes, tensors }, device);
        const { rtol, atol } = golden.tolerance ?? tolerance;
        for (const out of golden.out) {
          const [got, want] = [outputs.get(out)!.data, tensors.get(`out.${out}`)!.data];
          expect(worstError(got, want, { relative: rtol, absolute: atol }), out).toBeLessThanOrEqual(1);
        }
        expect(device.memory().bufferCount, 'buffers left').toBe(0);
      });
    }
  }
});
