import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DType, type HostTensor, hostTensor } from '@attune/ir';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { MemoryStorage } from '../memory-storage.js';
import { writeJson } from '../model-directory.js';
import { nodeStorage } from '../node-storage.js';
import { writeFile } from '../storage.js';
import { mutatedJson } from '../testing/json-mutations.js';
import { mutationRuns, mutationTimeout, Survival } from '../testing/survives.js';
import { int8Metadata } from './int8.js';
import { openWeights } from './open-weights.js';
import { openSafetensors, type TensorSource } from './read.js';
import { inMemory } from './stored-tensor.js';
import { writeSafetensors } from './write.js';

const survivals: Record<string, Survival> = {};
const survivalOf = (name: string): Survival => (survivals[name] ??= new Survival());
afterAll(() => {
  for (const [name, survival] of Object.entries(survivals)) console.log(`mutations of ${name}: ${survival}`);
});

/** A file with this header, whose data are zeros. */
function fileOf(header: string, dataBytes: number): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

async function readAll(source: TensorSource): Promise<void> {
  for (const name of source.names) await source.read(name);
}

const header = {
  __metadata__: { format: 'pt', other: 'text' },
  a: { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] },
  b: { dtype: 'I64', shape: [1], data_offsets: [16, 24] },
  c: { dtype: 'F16', shape: [], data_offsets: [24, 26] },
  d: { dtype: 'U8', shape: [0, 5], data_offsets: [26, 26] },
};

const int8Header = {
  __metadata__: int8Metadata(['w']),
  w: { dtype: 'I8', shape: [2, 3], data_offsets: [0, 6] },
  'w.int8_scale': { dtype: 'F32', shape: [2], data_offsets: [6, 14] },
};

describe('T04 st-fuzz: changes of the structure', () => {
  test.each([
    ['a header', header, 26],
    ['a header with int8', int8Header, 14],
  ])(
    '%s',
    (name, valid, dataBytes) =>
      fc.assert(
        fc.asyncProperty(mutatedJson(valid), async (text) => {
          const storage = new MemoryStorage('model');
          await writeFile(storage, 'model.safetensors', fileOf(text, dataBytes));
          await survivalOf(name).read(async () => readAll(await openWeights(storage)));
        }),
        mutationRuns,
      ),
    mutationTimeout,
  );

  test(
    'the metadata of int8',
    () =>
      fc.assert(
        fc.asyncProperty(mutatedJson({ w: 'w.int8_scale' }), async (rows) => {
          const metadata = { ...int8Header.__metadata__, attune_int8_rows: rows };
          const storage = new MemoryStorage('model');
          const text = JSON.stringify({ ...int8Header, __metadata__: metadata });
          await writeFile(storage, 'model.int8.safetensors', fileOf(text, 14));
          await survivalOf('int8 metadata').read(async () => readAll(await openWeights(storage)));
        }),
        mutationRuns,
      ),
    mutationTimeout,
  );

  test(
    'an index of shards',
    async () => {
      const storage = new MemoryStorage('model');
      const tensors = (...names: string[]) => inMemory(new Map(names.map((name) => [name, hostTensor([1], [1])])));
      await writeSafetensors(storage, 'one.safetensors', tensors('a', 'b'));
      await writeSafetensors(storage, 'two.safetensors', tensors('c', 'd'));
      const index = {
        metadata: { total_size: 16 },
        weight_map: { a: 'one.safetensors', b: 'one.safetensors', c: 'two.safetensors', d: 'two.safetensors' },
      };
      await writeJson(storage, 'other.json', index);
      await fc.assert(
        fc.asyncProperty(mutatedJson(index), async (text) => {
          await writeFile(storage, 'model.safetensors.index.json', text);
          await survivalOf('an index').read(async () => readAll(await openWeights(storage)));
        }),
        mutationRuns,
      );
    },
    mutationTimeout,
  );

  test(
    'write, read, write: the bytes stay',
    () => {
      const dtype = fc.constantFrom<DType>('f32', 'f16', 'bf16', 'i32', 'u32', 'u8', 'bool');
      const shape = fc.array(fc.nat(3), { maxLength: 4 });
      const name = fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => text !== '__metadata__');
      const tensors = fc.dictionary(name, fc.tuple(dtype, shape, fc.nat(250)), { maxKeys: 6 });
      const metadata = fc.dictionary(fc.string(), fc.string({ unit: 'binary' }), { maxKeys: 3 });
      return fc.assert(
        fc.asyncProperty(tensors, metadata, async (made, about) => {
          const named = new Map<string, HostTensor>(
            Object.entries(made).map(([key, [type, sizes, first]]) => {
              const count = sizes.reduce((product, size) => product * size, 1);
              const values = Array.from({ length: count }, (_, index) => (type === 'bool' ? index % 2 : first + index));
              return [key, hostTensor(sizes, arrays[type].from(values), type)];
            }),
          );
          const storage = new MemoryStorage('model');
          await writeSafetensors(storage, 'one.safetensors', inMemory(named), about);
          const source = await openSafetensors(storage, 'one.safetensors');
          const read = new Map<string, HostTensor>();
          for (const each of source.names) read.set(each, await source.read(each));
          await writeSafetensors(storage, 'two.safetensors', inMemory(read), source.metadata);
          expect(await storage.read('two.safetensors')).toEqual(await storage.read('one.safetensors'));
        }),
        mutationRuns,
      );
    },
    mutationTimeout,
  );
});

const arrays = {
  f32: Float32Array,
  f16: Uint16Array,
  bf16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  u8: Uint8Array,
  bool: Uint8Array,
} as const;

test.each([
  ['one byte more than there is', (size: number) => BigInt(size - 7)],
  ['a byte beyond the limit of 100 MB', () => 100_000_001n],
])('T01 st-header-length: a sparse file of 300 MB whose header has %s', async (_, lengthOf) => {
  const size = 300_000_000;
  const folder = await mkdtemp(join(tmpdir(), 'attune-sparse-'));
  try {
    const length = new Uint8Array(8);
    new DataView(length.buffer).setBigUint64(0, lengthOf(size), true);
    await using file = await open(join(folder, 'model.safetensors'), 'w');
    await file.write(length);
    await file.truncate(size);
    const before = process.memoryUsage.rss();
    await expect(openSafetensors(nodeStorage(folder), 'model.safetensors')).rejects.toMatchObject({
      code: 'E_SAFETENSORS_HEADER',
      file: join(folder, 'model.safetensors'),
      message: expect.stringMatching(new RegExp(`${lengthOf(size)}.*${size}`)),
    });
    expect(process.memoryUsage.rss() - before).toBeLessThan(10 * 2 ** 20);
  } finally {
    await rm(folder, { recursive: true });
  }
});
