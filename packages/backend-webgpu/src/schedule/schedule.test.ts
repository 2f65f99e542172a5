/** What representative programs become: the number of kernels, and their WGSL as a user would read it. */
import {
  add,
  and,
  dropout,
  dynamicSliceAxis,
  gelu,
  greater,
  hostTensor,
  less,
  minimum,
  mul,
  ProgramBuilder,
  project,
  reshape,
  select,
  sub,
  tensorType,
  transpose,
} from '@attune/ir';
import { describe, expect, it } from 'vitest';
import { codeOf, programOf } from '../testing/program-code.js';
import { schedule } from './schedule.js';
import { cpuTuning } from './tuning.js';

describe('kernels', () => {
  it('T17: pass a single truth value on in a word of its own', () => {
    const builder = new ProgramBuilder('a choice for many');
    const step = builder.input('step', tensorType([], 'i32'));
    const table = builder.constant(hostTensor([8], [0, 1, 2, 0, 0, 0, 0, 1], 'i32'));
    const count = reshape(dynamicSliceAxis(table, 0, minimum(step, 7), 1), []);
    const isChosen = and(greater(count, 0), less(step, 8));
    const chosen = Array.from({ length: 12 }, (_, index) => {
      const x = builder.input(`x${index}`, tensorType([300 + index]));
      return [`y${index}`, select(isChosen, mul(x, 2), x)] as const;
    });
    const code = codeOf(builder.finish(Object.fromEntries(chosen)));
    expect(code).toMatch(/scalars\[0\] = u32\(/);
    expect(code).toMatch(/\(scalars\[0\] != 0u\)/);
    expect(code).not.toMatch(/input\d+\[[^\]]*\] = /);
  });

  it('of elementwise chains take broadcasts and transposes in as arithmetic of indices', () => {
    const program = programOf({ x: [2, 3, 4], bias: [4] }, (x, bias) =>
      gelu(reshape(transpose(add(x!, reshape(bias!, [1, 1, 4])), [1, 0, 2]), [3, 8])),
    );
    expect(codeOf(program)).toMatchInlineSnapshot(`
      "// mul
      @group(0) @binding(0) var<storage, read_write> output0: array<f32>;
      @group(0) @binding(1) var<storage, read> input0: array<f32>;
      @group(0) @binding(2) var<storage, read> input1: array<f32>;

      fn erf(x: f32) -> f32 {
        let y = clamp(x, -4.0f, 4.0f);
        let z = y * y;
        let above = ((((((-2.72614225801306e-10f * z + 2.77068142495902e-8f) * z - 2.10102402082508e-6f) * z
          - 5.69250639462346e-5f) * z - 7.34990630326855e-4f) * z - 2.95459980854025e-3f) * z - 1.60960333262415e-2f);
        let below = (((-1.45660718464996e-5f * z - 2.13374055278905e-4f) * z - 1.68282697438203e-3f) * z
          - 7.37332916720468e-3f) * z - 1.42647390514189e-2f;
        return y * above / below;
      }

      @compute @workgroup_size(256)
      fn main(@builtin(workgroup_id) workgroup_id: vec3u, @builtin(local_invocation_index) lane: u32) {
        let element = workgroup_id.x * 256u + lane;
        if (element >= 24u) {
          return;
        }
        let at0 = ((element / 4u) % 2u) * 12u + (element / 8u) * 4u + (element % 4u);
        let x1 = input0[at0];
        let at2 = (element % 4u);
        let x3 = input1[at2];
        let x4 = (x1 + x3);
        let x5 = (x4 * 0.70710677f);
        let x6 = erf(x5);
        let x7 = (x6 * 0.5f);
        let x8 = (x7 + 0.5f);
        let x9 = (x4 * x8);
        output0[element] = x9;
      }
      "
    `);
  });

  it('of products take bias and activation in', () => {
    const program = programOf({ x: [8, 16], w: [12, 16], b: [12] }, (x, w, b) => gelu(add(project(x!, w!), b!)));
    expect(codeOf(program)).toMatchInlineSnapshot(`
      "// dot_general mul
      @group(0) @binding(0) var<storage, read_write> output0: array<f32, 96>;
      @group(0) @binding(1) var<storage, read> input0: array<vec4f, 32>;
      @group(0) @binding(2) var<storage, read> input1: array<vec4f, 48>;
      @group(0) @binding(3) var<storage, read> input2: array<f32, 12>;

      fn erf(x: f32) -> f32 {
        let y = clamp(x, -4.0f, 4.0f);
        let z = y * y;
        let above = ((((((-2.72614225801306e-10f * z + 2.77068142495902e-8f) * z - 2.10102402082508e-6f) * z
          - 5.69250639462346e-5f) * z - 7.34990630326855e-4f) * z - 2.95459980854025e-3f) * z - 1.60960333262415e-2f);
        let below = (((-1.45660718464996e-5f * z - 2.13374055278905e-4f) * z - 1.68282697438203e-3f) * z
          - 7.37332916720468e-3f) * z - 1.42647390514189e-2f;
        return y * above / below;
      }

      fn left_at(batch: u32, row: u32, quad: u32) -> vec4f {
        let at0 = row * 4u + quad;
        return input0[at0];
      }

      fn right_at(batch: u32, column: u32, quad: u32) -> vec4f {
        let at1 = column * 4u + quad;
        return input1[at1];
      }

      fn finish(batch: u32, row: u32, column: u32, sum: f32) {
        if (batch < 1u && row < 8u && column < 12u) {
          let at2 = row * 12u + column;
          let x3 = input2[column];
          let x4 = (sum + x3);
          let x5 = (x4 * 0.70710677f);
          let x6 = erf(x5);
          let x7 = (x6 * 0.5f);
          let x8 = (x7 + 0.5f);
          let x9 = (x4 * x8);
          output0[at2] = x9;
        }
      }

      @compute @workgroup_size(8)
      fn main(@builtin(workgroup_id) workgroup_id: vec3u, @builtin(local_invocation_index) lane: u32) {
        let tile = workgroup_id.x;
        let batch = tile / 1u;
        let row = (tile / 1u % 1u * 2u + lane / 4u) * 4u;
        let column = (tile % 1u * 4u + lane % 4u) * 4u;
        let row0 = min(row + 0u, 7u);
        let row1 = min(row + 1u, 7u);
        let row2 = min(row + 2u, 7u);
        let row3 = min(row + 3u, 7u);
        let column0 = min(column + 0u, 11u);
        let column1 = min(column + 1u, 11u);
        let column2 = min(column + 2u, 11u);
        let column3 = min(column + 3u, 11u);
        var sum0_0 = vec4<f32>();
        var sum1_0 = vec4<f32>();
        var sum2_0 = vec4<f32>();
        var sum3_0 = vec4<f32>();
        for (var quad = 0u; quad < 4u; quad++) {
          let left0 = left_at(batch, row0, quad);
          let left1 = left_at(batch, row1, quad);
          let left2 = left_at(batch, row2, quad);
          let left3 = left_at(batch, row3, quad);
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
          sum2_0 = sum2_0 + left2.x * factors0_0 + left2.y * factors0_1 + left2.z * factors0_2 + left2.w * factors0_3;
          sum3_0 = sum3_0 + left3.x * factors0_0 + left3.y * factors0_1 + left3.z * factors0_2 + left3.w * factors0_3;
        }
        var sums = array<vec4<f32>, 4>(sum0_0, sum1_0, sum2_0, sum3_0);
        for (var below = 0u; below < 4u; below++) {
          for (var right = 0u; right < 4u; right++) {
            let sum = sums[below * 1u + right / 4u][right % 4u];
            finish(batch, row + below, column + right, sum);
          }
        }
      }
      "
    `);
  });

  it('make random masks where they are used', () => {
    const builder = new ProgramBuilder('test');
    const x = builder.input('x', tensorType([4, 6]));
    const key = builder.input('key', tensorType([2], 'u32'));
    const { kernels } = schedule(builder.finish({ y: dropout(x, key, { rate: 0.5, site: 3 }) }), { tuning: cpuTuning });
    expect(kernels.map(({ code }) => code).join('\n')).toMatchInlineSnapshot(`
      "@group(0) @binding(0) var<storage, read_write> output0: array<f32>;
      @group(0) @binding(1) var<storage, read> input0: array<f32>;
      @group(0) @binding(2) var<uniform> parameters: array<vec4u, 1>;

      fn mix_word(word: u32) -> u32 {
        var x = word;
        x = (x ^ (x >> 16u)) * 0x7feb352du;
        x = (x ^ (x >> 15u)) * 0x846ca68bu;
        return x ^ (x >> 16u);
      }

      fn random_word(index: u32, key0: u32, key1: u32) -> u32 {
        return mix_word(mix_word(index ^ key0) ^ key1);
      }

      @compute @workgroup_size(256)
      fn main(@builtin(workgroup_id) workgroup_id: vec3u, @builtin(local_invocation_index) lane: u32) {
        let element = workgroup_id.x * 256u + lane;
        if (element >= 24u) {
          return;
        }
        let at0 = (element - 12u);
        let x1 = parameters[0].x;
        let x2 = parameters[0].y;
        let x3 = (x1 ^ x2);
        let x4 = parameters[0].z;
        let x5 = parameters[0].w;
        let x6 = (x4 ^ x5);
        let x7 = random_word(at0, x3, x6);
        let x8 = (x7 >> 16u);
        let x9 = (x8 >= 32768u);
        let x10 = random_word(element, x3, x6);
        let x11 = (x10 & 65535u);
        let x12 = (x11 >= 32768u);
        let x13 = select(x9, x12, element < 12u);
        let x14 = input0[element];
        let x15 = (x14 * 2f);
        let x16 = select(0f, x15, x13);
        output0[element] = x16;
      }
      "
    `);
    expect(kernels[0]!.parameters).toHaveLength(4);
  });

  it('update donated inputs in place after everything else has read them', () => {
    const builder = new ProgramBuilder('step');
    const w = builder.input('w', tensorType([8, 8]));
    const x = builder.input('x', tensorType([4, 8]));
    const y = project(x, w);
    const next = sub(w, mul(project(transpose(y, [1, 0]), transpose(x, [1, 0])), 0.1));
    const program = builder.finish({ w: next, y }, [{ output: 0, input: 0 }]);
    const { kernels, inPlace, slots, program: prepared } = schedule(program);
    expect(kernels.map(({ label }) => label)).toEqual(['dot_general', 'dot_general sub']);
    expect([...inPlace]).toEqual([[prepared.outputs[0]!.value, prepared.inputs[0]!.value]]);
    expect(slots).toEqual([]);
  });

  it('share a pipeline where layers are alike', () => {
    const program = programOf({ x: [4, 8], a: [8, 8], b: [8, 8], c: [8, 8] }, (x, ...weights) =>
      weights.reduce((y, weight) => gelu(project(y, weight)), x!),
    );
    const { kernels } = schedule(program);
    expect(kernels).toHaveLength(3);
    expect(new Set(kernels.map(({ code }) => code)).size).toBe(1);
  });
});
