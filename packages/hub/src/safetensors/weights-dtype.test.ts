import { type HostTensor, hostTensor, toHalfBits } from '@attune/ir';
import { attuneFailure } from '@attune/testing/attune-failure';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJson } from '../json-file.js';
import { MemoryStorage } from '../memory-storage.js';
import { openWeights } from './open-weights.js';
import { openSafetensors } from './read.js';
import { inMemory } from './stored-tensor.js';
import type { WeightsDType } from './weights-dtype.js';
import { writeStored } from './write.js';
import { writeWeights } from './write-weights.js';

async function written(tensors: Readonly<Record<string, HostTensor>>, dtype: WeightsDType, maxShardBytes = 5e9) {
  const storage = new MemoryStorage('model');
  await writeWeights(storage, inMemory(new Map(Object.entries(tensors))), { dtype, maxShardBytes });
  return { storage, source: await openWeights(storage) };
}

const matrix = hostTensor([2, 3], [1.27, -0.4, 0.004, 0, 0, 0]);
const bias = hostTensor([3], [0.1, -2, 3]);
const ids = hostTensor([2], [7, -8], 'i32');

describe('float16', () => {
  it('rounds to nearest even: within 2^-11 of a number, within 2^-25 of a tiny one', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.float({ noNaN: true, min: -65504, max: 65504 }), { minLength: 1 }),
        async (values) => {
          const { source } = await written({ w: hostTensor([values.length], values) }, 'float16');
          expect(source.entry('w').dtype).toBe('F16');
          const { data } = await source.readFloat('w');
          for (const [index, value] of values.entries()) {
            expect(Math.abs(data[index]! - value)).toBeLessThanOrEqual(Math.max(2 ** -11 * Math.abs(value), 2 ** -25));
          }
        },
      ),
      { seed: 1, numRuns: 200 },
    ));

  it('keeps f16 to the bit, whole numbers as they are, and what Python needs to load it', async () => {
    const half = hostTensor([2], [toHalfBits(0.1, 'f16'), toHalfBits(-3, 'f16')], 'f16');
    const { source, storage } = await written({ half, ids }, 'float16');
    expect((await source.read('half')).data).toEqual(half.data);
    expect((await source.read('ids')).data).toEqual(ids.data);
    expect((await openSafetensors(storage, 'model.safetensors')).metadata).toEqual({ format: 'pt' });
  });

  it('refuses a weight that it does not have', async () => {
    expect(await attuneFailure(written({ w: hostTensor([2], [1, 7e4]) }, 'float16'))).toMatchObject({
      code: 'E_TENSOR_DTYPE',
      field: 'w',
      message: 'model/model.safetensors: tensor "w" holds 70000, f16 goes to 65504.',
    });
  });
});

describe('int8 rows', () => {
  it('holds codes and one scale per row, and says so in the metadata', async () => {
    const { storage, source } = await written({ matrix, bias, ids }, 'int8');
    const bytes = await storage.read('model.int8.safetensors');
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const header: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    expect(header).toEqual({
      __metadata__: { format: 'attune', attune_int8_rows: '{"matrix":"matrix.int8_scale"}' },
      bias: { dtype: 'F32', shape: [3], data_offsets: [0, 12] },
      ids: { dtype: 'I32', shape: [2], data_offsets: [12, 20] },
      'matrix.int8_scale': { dtype: 'F32', shape: [2], data_offsets: [20, 28] },
      matrix: { dtype: 'I8', shape: [2, 3], data_offsets: [28, 34] },
    });
    expect(Array.from(new Int8Array(bytes.buffer.slice(8 + length + 28)))).toEqual([127, -40, 0, 0, 0, 0]);
    expect(source.names.toSorted()).toEqual(['bias', 'ids', 'matrix']);
    expect(source.entry('matrix')).toMatchObject({ dtype: 'I8', shape: [2, 3] });
    const scale = Math.fround(Math.fround(1.27) / 127);
    const expected = [127, -40, 0, 0, 0, 0].map((code) => Math.fround(code * scale));
    for (const read of [await source.readFloat('matrix'), await source.read('matrix')]) {
      expect(read).toEqual(hostTensor([2, 3], expected));
    }
    expect(await source.readFloat('bias')).toEqual(bias);
  });

  it.each<[WeightsDType, string]>([
    ['int8', 'F32'],
    ['int8-float16', 'F16'],
  ])('%s is within half a step of every weight, at every size', (dtype, scaleDType) => {
    const width = 5;
    const row = fc
      .tuple(
        fc.double({ min: -40, max: 19, noNaN: true }),
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: width, maxLength: width }),
      )
      .map(([exponent, values]) => values.map((value) => Math.fround(value * 2 ** exponent)));
    return fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 4 }), async (rows) => {
        const { storage, source } = await written({ w: hostTensor([rows.length, width], rows.flat()) }, dtype);
        const { data } = await source.readFloat('w');
        const raw = await openSafetensors(storage, 'model.int8.safetensors');
        expect(raw.entry('w.int8_scale').dtype).toBe(scaleDType);
        const scales = await raw.readFloat('w.int8_scale');
        for (const [index, values] of rows.entries()) {
          const scale = scales.data[index]!;
          const largest = Math.max(...values.map(Math.abs));
          expect(scale).toBeLessThanOrEqual(Math.max((largest / 127) * (1 + 2 ** -10), largest / 127 + 2 ** -24));
          for (const [column, value] of values.entries()) {
            const error = Math.abs(data[index * width + column]! - value);
            expect(error).toBeLessThanOrEqual((scale / 2) * (1 + 2 ** -16) + 2 ** -149);
          }
        }
      }),
      { seed: 2, numRuns: 300 },
    );
  });

  it('is exact for whole numbers up to 127 where each row has one of that size', async () => {
    const whole = hostTensor([2, 2, 2], [127, -3, 0, 64, -127, 1, 2, -126]);
    for (const dtype of ['int8', 'int8-float16'] as const) {
      expect(await (await written({ whole }, dtype)).source.readFloat('whole')).toEqual(whole);
    }
  });

  it('goes into shards, whose index has the weights by their names', async () => {
    const { storage, source } = await written({ a: matrix, b: matrix, bias }, 'int8', 20);
    expect(await readJson(storage, 'model.int8.safetensors.index.json')).toEqual({
      metadata: { total_size: 40 },
      weight_map: {
        a: 'model.int8-00001-of-00003.safetensors',
        b: 'model.int8-00002-of-00003.safetensors',
        bias: 'model.int8-00003-of-00003.safetensors',
      },
    });
    expect(await source.readFloat('b')).toEqual(await source.readFloat('a'));
  });

  it('takes the place of other weights in the directory, and gives it back', async () => {
    const { storage } = await written({ a: matrix, b: matrix }, 'float32', 20);
    const all = inMemory(new Map([['a', matrix]]));
    for (const [dtype, only] of [
      ['int8', 'model.int8.safetensors'],
      ['float16', 'model.safetensors'],
    ] as const) {
      await writeWeights(storage, all, { dtype });
      const names = (await storage.list('')).map(({ name }) => name);
      expect(names.filter((name) => !name.includes('-of-'))).toEqual([only]);
      expect((await openWeights(storage)).names).toEqual(['a']);
    }
  });

  it('refuses weights that are not finite or whose scale f16 does not have', async () => {
    const broken = hostTensor([2, 1], [1, Number.NaN]);
    expect(await attuneFailure(written({ broken }, 'int8'))).toMatchObject({
      code: 'E_NONFINITE',
      field: 'broken',
      message: expect.stringContaining('row 1 of "broken" holds NaN'),
    });
    const large = hostTensor([1, 1], [9e6]);
    expect(await attuneFailure(written({ large }, 'int8-float16'))).toMatchObject({
      code: 'E_TENSOR_DTYPE',
      field: 'large',
    });
    expect((await (await written({ large }, 'int8')).source.readFloat('large')).data[0]).toBeCloseTo(9e6, -1);
  });

  it.each<[string, string, string]>([
    ['no JSON', '[', 'attune_int8_rows is no JSON object'],
    ['no names', '{"w":1}', 'attune_int8_rows is no JSON object'],
    ['a tensor that is not there', '{"x":"s"}', '"x" of attune_int8_rows is no I8 tensor'],
    ['a tensor that is not I8', '{"s":"s"}', '"s" of attune_int8_rows is no I8 tensor'],
    ['no scales', '{"w":"x"}', '"x", the scales of "w", is no F32 or F16 [2]'],
    ['scales of another shape', '{"w":"t"}', '"t", the scales of "w", is no F32 or F16 [2]'],
  ])('refuses metadata with %s', async (_, text, message) => {
    const storage = new MemoryStorage('model');
    const tensor = (name: string, dtype: 'I8' | 'F32', shape: readonly number[], bytes: number) => ({
      name,
      dtype,
      shape,
      load: () => new Uint8Array(bytes),
    });
    const tensors = [tensor('w', 'I8', [2, 2], 4), tensor('s', 'F32', [2], 8), tensor('t', 'F32', [1], 4)];
    await writeStored(storage, 'model.safetensors', tensors, { attune_int8_rows: text });
    const error = await attuneFailure(openSafetensors(storage, 'model.safetensors'));
    expect(error.code).toBe('E_SAFETENSORS_LAYOUT');
    expect(error.message).toContain(message);
  });

  it('leaves I8 tensors of other makers alone', async () => {
    const storage = new MemoryStorage('model');
    await writeStored(
      storage,
      'model.safetensors',
      [{ name: 'w', dtype: 'I8', shape: [1], load: () => new Uint8Array(1) }],
      {},
    );
    const source = await openSafetensors(storage, 'model.safetensors');
    expect((await attuneFailure(source.readFloat('w'))).code).toBe('E_TENSOR_DTYPE');
  });
});
