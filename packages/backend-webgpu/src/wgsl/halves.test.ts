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
} from '@attune/ir';
import { uniform } from '@attune/ir/internal';
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
    for (const { code } of kernels) expect(code).toMatch(/array<vec2u, /);
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
    expect(kernels.map(({ code }) => code).join('\n')).toMatchInlineSnapshot(`
      "enable f16;

      @group(0) @binding(0) var<storage, read_write> output0: array<f16, 2>;
      @group(0) @binding(1) var<storage, read> input0: array<vec4<f16>, 2>;
      @group(0) @binding(2) var<storage, read> input1: array<vec4<f16>, 1>;

      fn half_bits(x: f32) -> u32 {
        let word = bitcast<u32>(x);
        let sign = (word >> 16u) & 0x8000u;
        let magnitude = word & 0x7fffffffu;
        if (magnitude > 0x7f800000u) {
          return 0x7e00u;
        }
        if (magnitude >= 0x477ff000u) {
          return sign | 0x7c00u;
        }
        if (magnitude < 0x38800000u) {
          return sign | (bitcast<u32>(bitcast<f32>(magnitude) + 0.5f) - 0x3f000000u);
        }
        return sign | ((magnitude + 0xfffu + ((magnitude >> 13u) & 1u) - 0x38000000u) >> 13u);
      }

      fn half_number(bits: u32) -> f32 {
        return unpack2x16float(bits).x;
      }

      fn half(x: f32) -> f16 {
        return f16(half_number(half_bits(x)));
      }

      fn left_at(batch: u32, row: u32, quad: u32) -> vec4f {

        return vec4f(input0[row]);
      }

      fn right_at(batch: u32, column: u32, quad: u32) -> vec4f {

        return vec4f(input1[0u]);
      }

      fn finish(batch: u32, row: u32, column: u32, sum: f32) {
        if (batch < 1u && row < 2u && column < 1u) {
          output0[row] = half(sum);
        }
      }

      @compute @workgroup_size(1)
      fn main(@builtin(workgroup_id) workgroup_id: vec3u, @builtin(local_invocation_index) lane: u32) {
        let tile = workgroup_id.x;
        let batch = tile / 1u;
        let row = (tile / 1u % 1u * 1u + lane / 1u) * 2u;
        let column = (tile % 1u * 1u + lane % 1u) * 4u;
        let row0 = min(row + 0u, 1u);
        let row1 = min(row + 1u, 1u);
        let column0 = min(column + 0u, 0u);
        let column1 = min(column + 1u, 0u);
        let column2 = min(column + 2u, 0u);
        let column3 = min(column + 3u, 0u);
        var sum0_0 = vec4<f32>();
        var sum1_0 = vec4<f32>();
        for (var quad = 0u; quad < 1u; quad++) {
          let left0 = left_at(batch, row0, quad);
          let left1 = left_at(batch, row1, quad);
          let right0 = right_at(batch, column0, quad);
          let right1 = right_at(batch, column1, quad);
          let right2 = right_at(batch, column2, quad);
          let right3 = right_at(batch, column3, quad);
          let factors0_0 = vec4<f32>(right0.x, right1.x, right2.x, right3.x);
          let factors0_1 = vec4<f32>(right0.y, right1.y, right2.y, right3.y);
          let factors0_2 = vec4<f32>(right0.z, right1.z, right2.z, right3.z);
          let factors0_3 = vec4<f32>(right0.w, right1.w, right2.w, right3.w);
          sum0_0 = sum0_0 + left0.x * factors0_0 + left0.y * factors0_1 + left0.z * factors0_2 + left0.w * factors0_3;
          sum1_0 = sum1_0 + left1.x * factors0_0 + left1.y * factors0_1 + left1.z * factors0_2 + left1.w * factors0_3;
        }
        var sums = array<vec4<f32>, 2>(sum0_0, sum1_0);
        for (var below = 0u; below < 2u; below++) {
          for (var right = 0u; right < 4u; right++) {
            let sum = sums[below * 1u + right / 4u][right % 4u];
            finish(batch, row + below, column + right, sum);
          }
        }
      }
      "
    `);
  });

  it('f16 are WGSL’s own where the device has them, in other kernels', () => {
    const builder = new ProgramBuilder('native');
    const [x, y] = [builder.input('x', tensorType([5], 'f16')), builder.input('y', tensorType([5]))];
    const sum = cast(add(cast(x, 'f32'), y), 'f16');
    const program = builder.finish({ sum, total: reduceSum(sum, [0]) });
    const { kernels } = schedule(program, { tuning: { ...cpuTuning, f16: 'native' } });
    expect(kernels.map(({ code }) => code).join('\n')).toMatchInlineSnapshot(`
      "enable f16;

      @group(0) @binding(0) var<storage, read_write> output0: array<f16, 5>;
      @group(0) @binding(1) var<storage, read_write> output1: array<f16, 1>;
      @group(0) @binding(2) var<storage, read> input0: array<f16, 5>;
      @group(0) @binding(3) var<storage, read> input1: array<f32, 5>;

      fn half_bits(x: f32) -> u32 {
        let word = bitcast<u32>(x);
        let sign = (word >> 16u) & 0x8000u;
        let magnitude = word & 0x7fffffffu;
        if (magnitude > 0x7f800000u) {
          return 0x7e00u;
        }
        if (magnitude >= 0x477ff000u) {
          return sign | 0x7c00u;
        }
        if (magnitude < 0x38800000u) {
          return sign | (bitcast<u32>(bitcast<f32>(magnitude) + 0.5f) - 0x3f000000u);
        }
        return sign | ((magnitude + 0xfffu + ((magnitude >> 13u) & 1u) - 0x38000000u) >> 13u);
      }

      fn half_number(bits: u32) -> f32 {
        return unpack2x16float(bits).x;
      }

      fn half(x: f32) -> f16 {
        return f16(half_number(half_bits(x)));
      }

      @compute @workgroup_size(256)
      fn main(@builtin(workgroup_id) workgroup_id: vec3u, @builtin(local_invocation_index) lane: u32) {
        let outer = workgroup_id.x * 256u + lane;
        if (outer >= 1u) {
          return;
        }
        var sum0: f32 = 0f;
        for (var inner = 0u; inner < 5u; inner++) {
          let x1 = f32(input0[inner]);
          let x2 = input1[inner];
          let x3 = (x1 + x2);
          sum0 = sum0 + x3;
          output0[inner] = half(x3);
        }
        output1[outer] = half(sum0);
      }
      "
    `);
  });
});
