import { hostTensor, isAttuneError } from '@attune/ir';
import { processorClock } from '@attune/testing/processor-clock';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { MemoryStorage } from '../memory-storage.js';
import { writeFile } from '../storage.js';
import { openWeights } from './open-weights.js';
import { openSafetensors } from './read.js';
import { inMemory } from './stored-tensor.js';
import { writeSafetensors } from './write.js';
import { writeWeights } from './write-weights.js';

const FILE = 'model.safetensors';

async function storageWith(bytes: Uint8Array): Promise<MemoryStorage> {
  const storage = new MemoryStorage('models');
  await writeFile(storage, FILE, bytes);
  return storage;
}

function fileOf(
  header: string,
  data = new Uint8Array(0),
  length = BigInt(new TextEncoder().encode(header).length),
): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, length, true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

async function failure(bytes: Uint8Array) {
  const error = await openSafetensors(await storageWith(bytes), FILE).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isAttuneError(error)) throw new Error(`expected an AttuneError, got ${error}`);
  return error;
}

afterEach(() => {
  expect(Object.keys(Object.prototype)).toEqual([]);
});

describe('T01 st-header-length', () => {
  it.each([0n, 1n, 10_000n, 100_000_001n, 2n ** 64n - 1n])('refuses a length of %s', async (length) => {
    const before = process.memoryUsage().rss;
    const error = await failure(fileOf('{}', new Uint8Array(4), length));
    expect(error.code).toBe('E_SAFETENSORS_HEADER');
    expect(error.message).toContain('models/model.safetensors');
    expect(error.message).toContain(String(length));
    if (length <= 100_000_000n) expect(error.message).toContain('14');
    expect(process.memoryUsage().rss - before).toBeLessThan(10 * 2 ** 20);
  });

  it('refuses a file of three bytes', async () => {
    expect((await failure(new Uint8Array(3))).code).toBe('E_SAFETENSORS_HEADER');
  });
});

const tensor = (offsets: readonly number[], shape: readonly number[] = [2], dtype = 'F32') =>
  JSON.stringify({ dtype, shape, data_offsets: offsets });

describe('T02 st-layout', () => {
  it.each([
    ['overlap', `{"a":${tensor([0, 8])},"b":${tensor([4, 12])}}`, 12],
    ['hole', `{"a":${tensor([0, 8])},"b":${tensor([12, 20])}}`, 20],
    ['hole at the start', `{"a":${tensor([4, 12])}}`, 12],
    ['reversed', `{"a":${tensor([8, 0])}}`, 8],
    ['beyond the end', `{"a":${tensor([0, 8])}}`, 4],
    ['trailing bytes', `{"a":${tensor([0, 8])}}`, 9],
    ['shape and span disagree', `{"a":${tensor([0, 8], [3])}}`, 8],
    ['dtype and span disagree', `{"a":${tensor([0, 8], [2], 'F16')}}`, 8],
    ['overflowing product', `{"a":${tensor([0, 8], [2 ** 40, 2 ** 40])}}`, 8],
    ['no tensors, but data', '{}', 4],
    ['unknown dtype', `{"a":${tensor([0, 8], [2], 'F99')}}`, 8],
    ['a product that a later 0 hides', `{"a":${tensor([0, 0], [2 ** 32, 2 ** 32, 0])}}`, 0],
    ['half bytes', `{"a":${tensor([0, 2], [3], 'F4')}}`, 2],
  ])('refuses: %s', async (_, header, bytes) => {
    const error = await failure(fileOf(header, new Uint8Array(bytes)));
    expect(error.code).toBe('E_SAFETENSORS_LAYOUT');
    if (header !== '{}') expect(error.message).toMatch(/"(a|b)"|tensors cover/);
    expect(error.file).toBe('models/model.safetensors');
  });

  it.each([
    ['negative size', `{"a":${tensor([0, 8], [-2])}}`],
    ['fractional size', `{"a":${tensor([0, 8], [1.5])}}`],
    ['three offsets', `{"a":${tensor([0, 8, 8])}}`],
    ['offsets missing', '{"a":{"dtype":"F32","shape":[2]}}'],
    ['no object', '{"a":5}'],
  ])('refuses before any layout: %s', async (_, header) => {
    const error = await failure(fileOf(header, new Uint8Array(8)));
    expect(error).toMatchObject({ code: 'E_SAFETENSORS_JSON', field: 'a' });
  });

  it('takes scalars, empty tensors and padding of the header', async () => {
    const source = await openSafetensors(
      await storageWith(fileOf(`{"s":${tensor([0, 4], [])},"e":${tensor([4, 4], [0, 3])}}    `, new Uint8Array(4))),
      FILE,
    );
    expect(source.names).toEqual(['s', 'e']);
    expect((await source.read('e')).data).toHaveLength(0);
  });
});

describe('T03 st-json', () => {
  it.each([
    ['the same tensor twice', `{"a":${tensor([0, 8])},"a":${tensor([0, 8])}}`],
    ['the same field twice', '{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}'],
    ['the same name, once escaped', `{"a":${tensor([0, 8])},"\\u0061":${tensor([0, 8])}}`],
    ['NaN', '{"a":NaN}'],
    ['deep nesting', '['.repeat(10_000)],
    ['deep nesting within', `{"a":${'['.repeat(10_000)}`],
    ['no object', '[1]'],
  ])('refuses: %s', async (_, header) => {
    expect((await failure(fileOf(header, new Uint8Array(8)))).code).toBe('E_SAFETENSORS_JSON');
  });

  it('refuses bytes that are not UTF-8', async () => {
    const bytes = fileOf('{"a":0}');
    bytes[10] = 0xff;
    expect((await failure(bytes)).code).toBe('E_SAFETENSORS_JSON');
  });

  it.each(['__proto__', 'constructor'])('keeps a tensor named %s to itself', async (name) => {
    const source = await openSafetensors(
      await storageWith(fileOf(`{"${name}":${tensor([0, 8])}}`, new Uint8Array(8))),
      FILE,
    );
    expect(source.names).toEqual([name]);
    expect(({} as Record<string, unknown>).dtype).toBeUndefined();
  });

  it('reads 100,000 tensors in a second or so of one core', async () => {
    const entries = Array.from(
      { length: 100_000 },
      (_, index) => `"t${index}":${tensor([index * 4, index * 4 + 4], [1])}`,
    );
    const storage = await storageWith(fileOf(`{${entries.join(',')}}`, new Uint8Array(400_000)));
    const seconds = processorClock();
    expect((await openSafetensors(storage, FILE)).names).toHaveLength(100_000);
    expect(seconds()).toBeLessThan(10);
  });
});

describe('T04 st-fuzz', () => {
  const seed = Number(process.env.ATTUNE_FUZZ_SEED ?? 20261124);
  const runs = { numRuns: process.env.CI ? 20_000 : 3_000, seed };

  const onlyOurErrors = async (bytes: Uint8Array) => {
    try {
      const source = await openSafetensors(await storageWith(bytes), FILE);
      for (const name of source.names) await source.read(name);
    } catch (error) {
      if (!isAttuneError(error)) throw error;
    }
  };

  it(
    `survives random bytes (seed ${seed})`,
    () => fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), onlyOurErrors), runs),
    120_000,
  );

  it('survives mutations of a valid file', () => {
    const valid = fileOf(`{"a":${tensor([0, 8])},"b":${tensor([8, 16], [1, 2])}}`, new Uint8Array(16));
    const mutation = fc.tuple(fc.nat(valid.length - 1), fc.nat(255));
    return fc.assert(
      fc.asyncProperty(
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        fc.nat(valid.length),
        async (changes, cut) => {
          const bytes = valid.slice(0, cut === 0 ? valid.length : cut);
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
          await onlyOurErrors(bytes);
        },
      ),
      runs,
    );
  }, 120_000);
});

describe('writing', () => {
  const tensors = new Map([
    ['weight', hostTensor([2, 3], [1, 2, 3, 4, 5, 6])],
    ['bias', hostTensor([3], [-1, 0.5, 0])],
    ['ids', hostTensor([2], [7, -8], 'i32')],
    ['flags', hostTensor([3], [1, 0, 1], 'bool')],
  ]);

  it('gives the same bytes when read and written again', async () => {
    const storage = new MemoryStorage();
    await writeSafetensors(storage, 'first.safetensors', inMemory(tensors));
    const source = await openSafetensors(storage, 'first.safetensors');
    const again = new Map(
      await Promise.all(source.names.map(async (name) => [name, await source.read(name)] as const)),
    );
    await writeSafetensors(storage, 'second.safetensors', inMemory(again), source.metadata);
    expect(await storage.read('second.safetensors')).toEqual(await storage.read('first.safetensors'));
    expect((await source.read('ids')).data).toEqual(Int32Array.of(7, -8));
  });

  it('shards large models and reads them through the index', async () => {
    const storage = new MemoryStorage();
    await writeWeights(storage, inMemory(tensors), { maxShardBytes: 24 });
    expect((await storage.list('')).map(({ name }) => name)).toContain('model-00001-of-00002.safetensors');
    const source = await openWeights(storage);
    expect([...source.names].sort()).toEqual([...tensors.keys()].sort());
    expect((await source.readFloat('bias')).data).toEqual(Float32Array.of(-1, 0.5, 0));
  });

  it('refuses an index that leads out of the directory', async () => {
    const storage = new MemoryStorage();
    await writeFile(storage, 'model.safetensors.index.json', JSON.stringify({ weight_map: { a: '../x.safetensors' } }));
    await expect(openWeights(storage)).rejects.toMatchObject({ code: 'E_PATH_ESCAPE' });
  });
});
