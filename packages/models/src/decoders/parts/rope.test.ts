/** Scalings of rotary positions: numbers of ROPE_INIT_FUNCTIONS of transformers 5.24 for the same configurations. */
import { hostTensor, interpret, ProgramBuilder, rotaryAngles } from '@attune/ir';
import { describe, expect, it, test } from 'vitest';
import { maxPositionsOf, type RopeConfig, rotaryOf } from './rope.js';

const file = 'config.json';
const base = 10_000;
const headWidth = 16;

interface Case {
  readonly rope: RopeConfig;
  readonly base?: number;
  readonly positions: number;
  readonly originalPositions?: number;
  readonly amplitude: number;
  readonly frequencies: readonly number[];
}

const cases: Readonly<Record<string, Case>> = {
  'YaRN of Qwen2.5': {
    rope: { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 32_768 },
    base: 1e6,
    positions: 131_072,
    amplitude: 1.138629436111989,
    frequencies: [
      ...[1, 0.17782794, 0.031622779, 0.0042175599],
      ...[0.00050000002, 4.4456985e-5, 7.9056936e-6, 1.4058534e-6],
    ],
  },
  'YaRN with all its numbers': {
    rope: {
      ...{ type: 'yarn', factor: 16, original_max_position_embeddings: 512 },
      ...{ beta_fast: 8, beta_slow: 2, mscale: 0.8, mscale_all_dim: 1, truncate: false },
    },
    positions: 8192,
    amplitude: 0.956585328432096,
    frequencies: [...[1, 0.31622776, 0.1, 0.0073959539], ...[0.00062499999, 0.00019764237, 6.2500003e-5, 1.9764237e-5]],
  },
  'LongRoPE of Phi-3': {
    rope: { type: 'longrope', short_factor: Array.from({ length: 8 }, (_, pair) => 1 + 0.05 * pair) },
    positions: 131_072,
    originalPositions: 4096,
    amplitude: 1.1902380714238083,
    frequencies: [
      ...[1, 0.30116931, 0.090909094, 0.027498068],
      ...[0.0083333328, 0.0025298223, 0.00076923077, 0.00023424279],
    ],
  },
  'a scaling by the length of the text': {
    rope: { rope_type: 'dynamic', factor: 2 },
    positions: 2048,
    amplitude: 1,
    frequencies: [1, 0.31622776, 0.1, 0.031622779, 0.01, 0.0031622779, 0.001, 0.00031622779],
  },
};

test.each(Object.entries(cases))('%s is that of transformers', (_, { rope, amplitude, frequencies, ...given }) => {
  const rotary = rotaryOf([rope], { headWidth, base, file, ...given });
  const own = rotary.frequencies ?? Array.from({ length: 8 }, (_, pair) => base ** (-pair / 8));
  for (const [pair, frequency] of own.entries()) expect(frequency / frequencies[pair]!).toBeCloseTo(1, 6);
  expect(rotary.amplitude ?? 1).toBeCloseTo(amplitude, 12);
});

describe('rotaryOf', () => {
  it('scales cos and sin', () => {
    const angles = (amplitude: number) => {
      const builder = new ProgramBuilder('angles');
      const positions = builder.constant(hostTensor([1, 2], [0, 3], 'i32'));
      const rotary = { ...rotaryOf([], { headWidth, base, file, positions: 8 }), amplitude };
      return interpret(builder.finish({ ...rotaryAngles(positions, rotary) }), []).flatMap(({ data }) => [...data]);
    };
    const plain = angles(1);
    for (const [index, value] of angles(1.5).entries()) expect(value).toBeCloseTo(1.5 * plain[index]!, 6);
  });

  it('takes the first names of LongRoPE, and texts no longer than the model began with', () => {
    const rope = { short_factor: new Array<number>(8).fill(1), original_max_position_embeddings: 64 };
    for (const type of ['su', 'yarn', 'longrope']) {
      expect(maxPositionsOf([{ ...rope, type }], { positions: 256, file })).toBe(64);
    }
    expect(maxPositionsOf([{ rope_type: 'yarn', factor: 4 }], { positions: 256, file })).toBe(256);
  });

  it.each([
    [{ rope_type: 'ntk' }, 'E_MODEL_UNSUPPORTED', 'rope_parameters.rope_type'],
    [{ rope_type: 'toString' }, 'E_MODEL_UNSUPPORTED', 'rope_parameters.rope_type'],
    [{ rope_type: 'linear' }, 'E_CONFIG', 'rope_parameters'],
    [{ rope_type: 'dynamic' }, 'E_CONFIG', 'rope_parameters'],
    [{ rope_type: 'longrope' }, 'E_CONFIG', 'rope_parameters'],
    [{ rope_type: 'longrope', short_factor: [1, 2] }, 'E_CONFIG', 'rope_parameters.short_factor'],
  ])('refuses %j', (rope, code, field) => {
    expect(() => rotaryOf([rope], { headWidth, base, file, positions: 64 })).toThrow(
      expect.objectContaining({ code, field, file }),
    );
  });
});
