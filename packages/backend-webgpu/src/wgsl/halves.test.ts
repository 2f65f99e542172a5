/** Floats of 16 bits: read by fours in products, and as WGSL's own f16 where the device has it. */
import { expectLikeReference } from '@attune/conformance';
import {
  add,
  cast,
  einsum,
  hostTensor,
  type Program,
  ProgramBuilder,
  reduceSum,
  tensorType,
  toHalfBits,
  uniform,
} from '@attune/ir';
import { describe, expect, it } from 'vitest';
import { webgpu } from '../index.js';
import { schedule } from '../schedule/schedule.js';
import { cpuTuning } from '../schedule/tuning.js';

/** Products of f32 by weights of 16 bits, along the depth and along the side, and of 16 bits by 16 bits. */
function products(dtype: 'f16' | 'bf16'): Program {
  const builder = new ProgramBuilder('products');
  const x = builder.input('x', tensorType([6, 8]));
  const [w, v] = [builder.input('w', tensorType([12, 8], dtype)), builder.input('v', tensorType([8, 12], dtype))];
  return builder.finish({
    depth: einsum('nk,mk->nm', x, cast(w, 'f32')),
    side: einsum('nk,km->nm', x, cast(v, 'f32')),
    both: einsum('mk,kj->mj', cast(w, 'f32'), cast(v, 'f32')),
  });
}

describe('floats of 16 bits', () => {
  it.each(['f16', 'bf16'] as const)('%s are read by fours in products', async (dtype) => {
    const program = products(dtype);
    const { kernels } = schedule(program, { tuning: cpuTuning });
    for (const { code } of kernels) expect(code).toMatch(/array<vec2u>/);
    await using device = await webgpu().open();
    const inputs = program.inputs.map(({ value }, index) => {
      const { shape, dtype: own } = program.types[value]!;
      const numbers = uniform(shape, [-1, 1], index);
      return own === 'f32'
        ? numbers
        : hostTensor(
            shape,
            Array.from(numbers.data, (x) => toHalfBits(x, dtype)),
            dtype,
          );
    });
    await expectLikeReference(device, program, inputs);
  });

  it('f16 are WGSL’s own where the device has them, in products', () => {
    const builder = new ProgramBuilder('native');
    const [x, w] = [builder.input('x', tensorType([2, 4], 'f16')), builder.input('w', tensorType([1, 4], 'f16'))];
    const program = builder.finish({ y: einsum('nk,mk->nm', x, w) });
    const { kernels } = schedule(program, { tuning: { ...cpuTuning, f16: 'native' } });
    expect(kernels.map(({ code }) => code).join('\n')).toMatchInlineSnapshot();
  });

  it('f16 are WGSL’s own where the device has them, in other kernels', () => {
    const builder = new ProgramBuilder('native');
    const [x, y] = [builder.input('x', tensorType([5], 'f16')), builder.input('y', tensorType([5]))];
    const sum = cast(add(cast(x, 'f32'), y), 'f16');
    const program = builder.finish({ sum, total: reduceSum(sum, [0]) });
    const { kernels } = schedule(program, { tuning: { ...cpuTuning, f16: 'native' } });
    expect(kernels.map(({ code }) => code).join('\n')).toMatchInlineSnapshot();
  });
});
