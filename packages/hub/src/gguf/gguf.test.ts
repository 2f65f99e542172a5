import { AttuneError } from '@attune/ir';
import { describe, expect, test } from 'vitest';
import { MemoryStorage } from '../memory-storage.js';
import { openWeights } from '../safetensors/open-weights.js';
import { writeFile } from '../storage.js';
import { floatBytes, type GgufFaults, type GgufField, type GgufPart, ggufBytes } from '../testing/gguf-file.js';
import { openGguf } from './read.js';

const keys: readonly (readonly [string, GgufField])[] = [
  ['general.architecture', [8, 'llama']],
  ['llama.attention.head_count', [4, 2]],
  ['tokenizer.ggml.tokens', [8, ['a', 'b', 'ß']]],
];
const parts: readonly GgufPart[] = [
  { name: 'token_embd.weight', shape: [3, 4], bytes: floatBytes(Array.from({ length: 12 }, (_, index) => index)) },
  { name: 'output_norm.weight', shape: [4], bytes: floatBytes([1, 2, 3, 4]) },
];

async function opened(bytes: Uint8Array) {
  const storage = new MemoryStorage('store');
  await writeFile(storage, 'model.gguf', bytes);
  return openGguf(storage, 'model.gguf');
}

test('metadata and tensors come as they were written, with another alignment too', async () => {
  for (const alignment of [32, 128]) {
    const own: GgufField = [4, alignment];
    const file = await opened(ggufBytes([...keys, ['general.alignment', own]], parts, {}, alignment));
    expect(file.metadata.get('tokenizer.ggml.tokens')).toEqual(['a', 'b', 'ß']);
    expect((await file.readFloat('output_norm.weight')).data).toEqual(Float32Array.of(1, 2, 3, 4));
    expect((await file.readFloat('token_embd.weight')).type.shape).toEqual([3, 4]);
    await expect(file.readFloat('other')).rejects.toMatchObject({ code: 'E_TENSOR_MISSING', field: 'other' });
  }
});

test('a header beyond the first part of the file is read to its end', async () => {
  const tokens = Array.from({ length: 400 }, (_, index) => `${'x'.repeat(4000)}${index}`);
  const file = await opened(ggufBytes([...keys, ['tokenizer.ggml.merges', [8, tokens]]], parts));
  expect(file.metadata.get('tokenizer.ggml.merges')).toHaveLength(400);
  expect((await file.readFloat('output_norm.weight')).data[3]).toBe(4);
});

test('several files in a directory are refused by name', async () => {
  const storage = new MemoryStorage('store');
  for (const name of ['a.gguf', 'b.GGUF']) await writeFile(storage, name, ggufBytes(keys, parts));
  await expect(openWeights(storage)).rejects.toMatchObject({ code: 'E_CONFIG', message: /a\.gguf, b\.GGUF/ });
});

/** One thing wrong, as a function of random numbers; the code; the name that the message must have. */
type Fault = readonly [
  name: string,
  make: (draw: (below: number) => number) => Uint8Array,
  code: string,
  named: RegExp,
];

const huge = 2n ** 63n;
const [header, metadata, tensor] = ['E_GGUF_HEADER', 'E_GGUF_METADATA', 'E_GGUF_TENSOR'];
const wrong = (faults: GgufFaults) => ggufBytes(keys, parts, faults);
const first = /token_embd\.weight/;
const faults: readonly Fault[] = [
  ['another magic', (draw) => wrong({ magic: draw(2 ** 31) }), header, /GGUF/],
  ['version 1', () => wrong({ version: 1 }), header, /version 1/],
  ['a later version', (draw) => wrong({ version: 4 + draw(1000) }), header, /version/],
  ['the other order of bytes', () => wrong({ version: 3 << 24 }), header, /order of bytes/],
  ['too few bytes for a header', (draw) => wrong({}).slice(0, draw(24)), header, /too few/],
  ['a huge number of tensors', (draw) => wrong({ tensors: huge + BigInt(draw(1000)) }), header, /tensors/],
  ['more tensors than there are', (draw) => wrong({ tensors: BigInt(3 + draw(4)) }), 'any', /tensor/],
  ['a huge number of keys', (draw) => wrong({ keys: huge - BigInt(draw(1000)) }), header, /keys/],
  ['more keys than there are', (draw) => wrong({ keys: BigInt(4 + draw(5)) }), 'any', /./],
  ['a huge length of a key', (draw) => wrong({ keyLength: 2n ** 64n - BigInt(1 + draw(1000)) }), metadata, /key 0/],
  ['a key without a name', () => wrong({ keyLength: 0n }), metadata, /key 0/],
  ['a type that there is not', (draw) => wrong({ valueType: 13 + draw(1000) }), metadata, /general\.architecture/],
  ['a key twice', (draw) => ggufBytes([...keys, keys[draw(3)]!], parts), metadata, /twice/],
  ['a huge list', (draw) => wrong({ listLength: huge + BigInt(draw(1000)) }), metadata, /tokenizer\.ggml\.tokens/],
  ['a list of lists', () => ggufBytes([['nested', [9, [1, 2]]]], parts), metadata, /nested.*list of lists/],
  ['no power of two', (draw) => ggufBytes([['general.alignment', [4, 33 + 2 * draw(100)]]], []), metadata, /alignment/],
  ['an alignment of 0', () => ggufBytes([['general.alignment', [4, 0]]], []), metadata, /alignment/],
  ['an alignment in words', () => ggufBytes([['general.alignment', [8, 'wide']]], []), metadata, /alignment/],
  ['another alignment', () => ggufBytes([['general.alignment', [4, 64]]], parts.toReversed()), tensor, first],
  ['a long name', (draw) => ggufBytes(keys, [{ ...parts[0]!, name: 'x'.repeat(64 + draw(99)) }]), tensor, /name of/],
  ['a huge length of a name', (draw) => wrong({ nameLength: huge + BigInt(draw(99)) }), tensor, /tensor 0/],
  ['a name twice', () => ggufBytes(keys, [parts[0]!, parts[0]!]), tensor, /twice/],
  ['too many axes', (draw) => wrong({ axes: 5 + draw(1000) }), tensor, first],
  ['an axis of 0', () => wrong({ axis: 0n }), tensor, first],
  ['a huge axis', (draw) => wrong({ axis: huge - BigInt(draw(1000)) }), tensor, first],
  ['more bytes than the file', (draw) => wrong({ axis: BigInt(2 ** 20 + draw(2 ** 40)) }), tensor, first],
  [
    'a product of axes beyond 2^63',
    () => ggufBytes(keys, [{ ...parts[0]!, shape: [2 ** 40, 2 ** 40, 4] }]),
    tensor,
    first,
  ],
  ['a type of tensors that there is not', (draw) => wrong({ type: 40 + draw(1000) }), tensor, /Attune reads F32/],
  ['rows that are no blocks', () => wrong({ type: 2 }), tensor, /no multiple of Q4_0/],
  ['an offset that is not the place', (draw) => wrong({ offset: BigInt(32 * (1 + draw(1000))) }), tensor, first],
  ['an offset beyond the end', (draw) => wrong({ offset: huge + BigInt(draw(1000)) }), tensor, first],
  ['bytes that are missing', (draw) => wrong({ cut: 17 + draw(40) }), tensor, /ends at byte/],
];

describe('T05 gguf-cases', () => {
  test.each(faults)('%s', async (_, make, code, named) => {
    for (let seed = 1; seed <= 50; seed++) {
      const draw = (below: number) => Math.floor((((seed * 2654435761) % 2 ** 32) / 2 ** 32) * below);
      const bytes = make(draw);
      const started = performance.now();
      const problem = await opened(bytes).then(
        () => undefined,
        (cause: unknown) => cause,
      );
      expect(performance.now() - started).toBeLessThan(1000);
      expect(problem).toBeInstanceOf(AttuneError);
      const { code: found, message } = problem as AttuneError;
      if (code !== 'any') expect(found).toBe(code);
      expect(found).toMatch(/^E_GGUF_/);
      expect(message).toMatch(named);
      expect(message).toMatch(/^store\/model\.gguf: .*\(byte \d+\)\.$/);
      expect(message.length).toBeLessThan(400);
    }
  });

  test('a list of 2^63 in a file of few bytes', async () => {
    const bytes = ggufBytes([['a', [4, [1]]]], [], { listLength: huge });
    expect(bytes.length).toBeLessThan(70);
    const before = process.memoryUsage().rss;
    await expect(opened(bytes)).rejects.toMatchObject({ code: metadata, field: 'a' });
    expect(process.memoryUsage().rss - before).toBeLessThan(10e6);
  });

  test('every byte changed in turn gives a file or a named error', async () => {
    const whole = ggufBytes(keys, parts);
    for (let at = 0; at < whole.length; at++) {
      const bytes = whole.slice();
      bytes[at] = bytes[at]! ^ (1 << (at % 8));
      await opened(bytes).catch((cause: unknown) =>
        expect(cause).toMatchObject({ code: expect.stringMatching(/^E_GGUF_/) }),
      );
    }
  });
});
