/** What the kernels of reductions look like. */
import { layerNorm, reduceMax, softmax } from '@attune/ir';
import { describe, expect, it } from 'vitest';
import { gpuTuning } from '../schedule/tuning.js';
import { codeOf, programOf } from '../testing/program-code.js';

describe('kernels of reductions', () => {
  it('of softmax are one, with a pass for each reduction', () => {
    expect(codeOf(programOf({ x: [6, 32] }, (x) => softmax(x!)))).toMatchInlineSnapshot(`
      "// reduce_max exp reduce_sum div
      @group(0) @binding(0) var<storage, read_write> output0: array<f32, 192>;
      @group(0) @binding(1) var<storage, read> input0: array<f32, 192>;

      var<private> infinity_bits: u32 = 0x7f800000u;

      fn infinity() -> f32 {
        return bitcast<f32>(infinity_bits);
      }

      @compute @workgroup_size(256)
      fn main(@builtin(workgroup_id) workgroup_id: vec3u, @builtin(local_invocation_index) lane: u32) {
        let outer = workgroup_id.x * 256u + lane;
        if (outer >= 6u) {
          return;
        }
        var sum0: f32 = -infinity();
        for (var inner = 0u; inner < 32u; inner++) {
          let at1 = outer * 32u + inner;
          let x2 = input0[at1];
          sum0 = max(sum0, x2);
        }
        var sum3: f32 = 0f;
        for (var inner = 0u; inner < 32u; inner++) {
          let at4 = outer * 32u + inner;
          let x5 = input0[at4];
          let x6 = (x5 - sum0);
          let x7 = exp(x6);
          sum3 = sum3 + x7;
        }
        for (var inner = 0u; inner < 32u; inner++) {
          let at8 = outer * 32u + inner;
          let x9 = input0[at8];
          let x10 = (x9 - sum0);
          let x11 = exp(x10);
          let x12 = (x11 / sum3);
          output0[at8] = x12;
        }
      }
      "
    `);
  });

  it('of layer norm on a GPU add up by many threads', () => {
    const program = programOf({ x: [64, 256], w: [256], b: [256] }, (x, weight, bias) =>
      layerNorm(x!, { weight: weight!, bias: bias! }),
    );
    expect(codeOf(program, gpuTuning)).toMatchInlineSnapshot(`
      "// reduce_sum sub rsqrt add
      @group(0) @binding(0) var<storage, read_write> output0: array<f32, 16384>;
      @group(0) @binding(1) var<storage, read> input0: array<f32, 16384>;
      @group(0) @binding(2) var<storage, read> input1: array<f32, 256>;
      @group(0) @binding(3) var<storage, read> input2: array<f32, 256>;

      var<workgroup> sum0_shared: array<f32, 256>;

      var<workgroup> sum3_shared: array<f32, 256>;

      @compute @workgroup_size(256)
      fn main(@builtin(workgroup_id) workgroup_id: vec3u, @builtin(local_invocation_index) lane: u32) {
        let number = workgroup_id.x * 4u + lane / 64u;
        let outer = number;
        let part = lane % 64u;
        var sum0: f32 = 0f;
        for (var inner = part; inner < 256u; inner += 64u) {
          let at1 = outer * 256u + inner;
          let x2 = input0[at1];
          sum0 = sum0 + x2;
        }
        sum0_shared[lane] = sum0;
        workgroupBarrier();
        for (var step = 32u; step > 0u; step /= 2u) {
          if (part < step) {
            sum0 = sum0 + sum0_shared[lane + step];
            sum0_shared[lane] = sum0;
          }
          workgroupBarrier();
        }
        sum0 = sum0_shared[lane - part];
        var sum3: f32 = 0f;
        let x6 = (sum0 / 256f);
        for (var inner = part; inner < 256u; inner += 64u) {
          let at4 = outer * 256u + inner;
          let x5 = input0[at4];
          let x7 = (x5 - x6);
          let x8 = (x7 * x7);
          sum3 = sum3 + x8;
        }
        sum3_shared[lane] = sum3;
        workgroupBarrier();
        for (var step = 32u; step > 0u; step /= 2u) {
          if (part < step) {
            sum3 = sum3 + sum3_shared[lane + step];
            sum3_shared[lane] = sum3;
          }
          workgroupBarrier();
        }
        sum3 = sum3_shared[lane - part];
        let x9 = (sum3 / 256f);
        let x10 = (x9 + 0.00001f);
        let x11 = inverseSqrt(x10);
        for (var inner = part; inner < 256u; inner += 64u) {
          let at12 = outer * 256u + inner;
          let x13 = input0[at12];
          let x14 = (x13 - x6);
          let x15 = (x14 * x11);
          let x16 = input1[inner];
          let x17 = (x15 * x16);
          let x18 = input2[inner];
          let x19 = (x17 + x18);
          output0[at12] = x19;
        }
      }
      "
    `);
  });

  it('of reductions pass sums on in subgroups where a device has them', () => {
    const program = programOf({ x: [64, 256] }, (x) => reduceMax(x!, [1]));
    expect(codeOf(program, { ...gpuTuning, subgroupSize: 32 })).toMatchInlineSnapshot(`
      "// reduce_max
      enable subgroups;

      @group(0) @binding(0) var<storage, read_write> output0: array<f32, 64>;
      @group(0) @binding(1) var<storage, read> input0: array<f32, 16384>;

      var<private> infinity_bits: u32 = 0x7f800000u;

      fn infinity() -> f32 {
        return bitcast<f32>(infinity_bits);
      }

      var<workgroup> sum0_shared: array<f32, 256>;

      @compute @workgroup_size(256)
      fn main(@builtin(workgroup_id) workgroup_id: vec3u, @builtin(local_invocation_index) lane: u32) {
        let number = workgroup_id.x * 4u + lane / 64u;
        let outer = number;
        let part = lane % 64u;
        var sum0: f32 = -infinity();
        for (var inner = part; inner < 256u; inner += 64u) {
          let at1 = outer * 256u + inner;
          let x2 = input0[at1];
          sum0 = max(sum0, x2);
        }
        for (var distance = 16u; distance > 0u; distance /= 2u) {
          sum0 = max(sum0, subgroupShuffleXor(sum0, distance));
        }
        sum0_shared[lane] = sum0;
        workgroupBarrier();
        for (var step = 32u; step > 16u; step /= 2u) {
          if (part < step) {
            sum0 = max(sum0, sum0_shared[lane + step]);
            sum0_shared[lane] = sum0;
          }
          workgroupBarrier();
        }
        sum0 = sum0_shared[lane - part];
        if (part == 0u && number < 64u) {
          output0[outer] = sum0;
        }
      }
      "
    `);
  });
});
