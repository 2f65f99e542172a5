import { dynamicMap, type HostTensor, hostTensor, NF4_LEVELS } from '@attune/ir';
import { uniform } from '@attune/ir/internal';
import { expect, test } from 'vitest';
import { MemoryStorage } from '../memory-storage.js';
import { nodeStorage } from '../node-storage.js';
import { openSafetensors } from '../safetensors/read.js';
import { inMemory } from '../safetensors/stored-tensor.js';
import { writeWeights } from '../safetensors/write-weights.js';
import { sharedPath, skipsGolden } from '../testing/python.js';
import { hasFourBits, openNormalFloats } from './normal-float-source.js';
import { fromNormalFloats, toNormalFloats } from './normal-floats.js';

test.skipIf(skipsGolden).each([
  [0, { block: 64 }],
  [1, { block: 64, nestedBlock: 256 }],
  [2, { block: 64, nestedBlock: 256 }],
  [3, { block: 128, nestedBlock: 256 }],
])('packs the weights of golden case %i as bitsandbytes does', async (index, blocks) => {
  const golden = await openSafetensors(nodeStorage(sharedPath('golden/ops')), 'dequant_nf4.safetensors');
  const read = (name: string) => golden.read(`case${index}/${name}`);
  const weight = await read('in.w');
  const parts = toNormalFloats(weight, blocks);
  expect(parts.get('')!.data).toEqual(new Uint8Array((await read('in.packed')).data));
  if ('nestedBlock' in blocks) {
    expect(dynamicMap()).toEqual((await read('in.absmax_table')).data);
    expect(parts.get('.absmax')!.data).toEqual((await read('in.absmax_codes')).data);
    expect(parts.get('.nested_offset')!.data[0]).toBeCloseTo((await read('in.absmax_offset')).data[0]!, 6);
  }
  const back = fromNormalFloats(parts, weight.type.shape, blocks).data;
  const want = (await read('out.y')).data;
  expect(Math.max(...Array.from(back, (value, at) => Math.abs(value - want[at]!)))).toBeLessThan(1e-6);
});

const shape = [6, 64];
const weight = uniform(shape, [-1, 1], 1);

/** A file as transformers saves a model with load_in_4bit. */
async function checkpoint(change: (tensors: Map<string, HostTensor>) => void = () => {}, state: object = {}) {
  const parts = toNormalFloats(weight, { block: 64, nestedBlock: 256 });
  const json = JSON.stringify({
    ...{ quant_type: 'nf4', blocksize: 64, shape, dtype: 'float32', nested_blocksize: 256, nested_dtype: 'float32' },
    ...{ nested_offset: parts.get('.nested_offset')!.data[0], ...state },
  });
  const bytes = new TextEncoder().encode(json);
  const tensors = new Map([
    ['w', hostTensor([parts.get('')!.data.length, 1], parts.get('')!.data, 'u8')],
    ['w.absmax', parts.get('.absmax')!],
    ['w.quant_map', hostTensor([16], NF4_LEVELS)],
    ['w.nested_absmax', parts.get('.nested_absmax')!],
    ['w.nested_quant_map', hostTensor([256], dynamicMap())],
    ['w.quant_state.bitsandbytes__nf4', hostTensor([bytes.length], bytes, 'u8')],
    ['bias', uniform([6], [-1, 1], 2)],
  ]);
  change(tensors);
  const storage = new MemoryStorage('packed');
  await writeWeights(storage, inMemory(tensors));
  return openSafetensors(storage, 'model.safetensors');
}

test('reads what bitsandbytes serializes, as it is stored and as numbers', async () => {
  const file = await checkpoint();
  expect(hasFourBits(file)).toBe(true);
  const source = await openNormalFloats(file);
  expect([...source.names].sort()).toEqual(['bias', 'w']);
  expect(source.entry('w').shape).toEqual(shape);
  expect(await source.readParts('w')).toEqual(toNormalFloats(weight, { block: 64, nestedBlock: 256 }));
  const { data } = await source.readFloat('w');
  expect(Math.max(...Array.from(data, (value, at) => Math.abs(value - weight.data[at]!)))).toBeLessThan(0.2);
});

test.each([
  ['E_MODEL_UNSUPPORTED', 'fp4', undefined, { quant_type: 'fp4' }],
  [
    'E_WEIGHTS_MISMATCH',
    'w.absmax',
    (all: Map<string, HostTensor>) => all.set('w.absmax', hostTensor([2], [1, 2], 'u8')),
    {},
  ],
  [
    'E_WEIGHTS_MISMATCH',
    'w.quant_map',
    (all: Map<string, HostTensor>) => all.set('w.quant_map', uniform([16], [0, 1], 3)),
    {},
  ],
  ['E_WEIGHTS_MISMATCH', 'nested_offset', undefined, { nested_offset: undefined }],
  ['E_TENSOR_MISSING', 'w.nested_absmax', (all: Map<string, HostTensor>) => all.delete('w.nested_absmax'), {}],
] as const)('refuses by name: %s for %s', async (code, named, change, state) => {
  const read = async () => (await openNormalFloats(await checkpoint(change, state))).readParts('w');
  await expect(read()).rejects.toMatchObject({ code, message: expect.stringContaining(named) });
});
