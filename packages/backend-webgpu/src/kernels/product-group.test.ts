/** What products look like whose workgroups load blocks together. */
import { einsum } from '@attune/ir';
import { expect, it } from 'vitest';
import { gpuTuning } from '../schedule/tuning.js';
import { codeOf, programOf } from '../testing/program-code.js';
import { groupLoop } from './product-group.js';
import { sameTile } from './tile.js';

it('products by groups wait for the blocks of a turn, whose steps lie one after the other', () => {
  const program = programOf({ x: [64, 24], w: [24, 32] }, (x, w) => einsum('nk,km->nm', x!, w!));
  const tuning = { ...gpuTuning, tiles: sameTile('4x4 by groups'), groupLoop };
  expect(codeOf(program, tuning)).toMatchInlineSnapshot(`
    "// dot_general
    @group(0) @binding(0) var<storage, read_write> output0: array<f32, 2048>;
    @group(0) @binding(1) var<storage, read> input0: array<vec4f, 384>;
    @group(0) @binding(2) var<storage, read> input1: array<vec4f, 192>;

    fn left_at(batch: u32, row: u32, quad: u32) -> vec4f {
      let at0 = row * 6u + quad;
      return input0[at0];
    }

    fn right_at(batch: u32, quad: u32, depth: u32) -> vec4f {
      let at1 = depth * 8u + quad;
      return input1[at1];
    }

    fn finish(batch: u32, row: u32, column: u32, sum: f32) {
      if (batch < 1u && row < 64u && column < 32u) {
        let at2 = row * 32u + column;
        output0[at2] = sum;
      }
    }

    var<workgroup> left_block: array<vec4<f32>, 128>;

    var<workgroup> right_block: array<vec4<f32>, 128>;

    @compute @workgroup_size(64)
    fn main(@builtin(workgroup_id) workgroup_id: vec3u, @builtin(local_invocation_index) lane: u32) {
      let tile = workgroup_id.x;
      let batch = tile / 2u;
      let row = (tile / 1u % 2u * 8u + lane / 8u) * 4u;
      let column = (tile % 1u * 8u + lane % 8u) * 4u;
      let first_row = row - lane / 8u * 4u;
      let first_column = column - lane % 8u * 4u;
      var sum0_0 = vec4<f32>();
      var sum1_0 = vec4<f32>();
      var sum2_0 = vec4<f32>();
      var sum3_0 = vec4<f32>();
      for (var turn = 0u; turn < 2u; turn++) {
        let left_side0 = lane / 4u;
        let left_step0 = lane % 4u;
        let left_part0 = select(vec4<f32>(), left_at(batch, min(first_row + left_side0, 63u), turn * 4u + left_step0), turn * 4u + left_step0 < 6u);
        let left_side1 = (lane + 64u) / 4u;
        let left_step1 = (lane + 64u) % 4u;
        let left_part1 = select(vec4<f32>(), left_at(batch, min(first_row + left_side1, 63u), turn * 4u + left_step1), turn * 4u + left_step1 < 6u);
        let right_side0 = lane % 8u;
        let right_step0 = lane / 8u;
        let right_part0 = select(vec4<f32>(), right_at(batch, min(first_column / 4u + right_side0, 7u), turn * 16u + right_step0), turn * 16u + right_step0 < 24u);
        let right_side1 = (lane + 64u) % 8u;
        let right_step1 = (lane + 64u) / 8u;
        let right_part1 = select(vec4<f32>(), right_at(batch, min(first_column / 4u + right_side1, 7u), turn * 16u + right_step1), turn * 16u + right_step1 < 24u);
        workgroupBarrier();
        left_block[(left_step0 * 4u + 0u) * 8u + left_side0 / 4u][left_side0 % 4u] = left_part0.x;
        left_block[(left_step0 * 4u + 1u) * 8u + left_side0 / 4u][left_side0 % 4u] = left_part0.y;
        left_block[(left_step0 * 4u + 2u) * 8u + left_side0 / 4u][left_side0 % 4u] = left_part0.z;
        left_block[(left_step0 * 4u + 3u) * 8u + left_side0 / 4u][left_side0 % 4u] = left_part0.w;
        left_block[(left_step1 * 4u + 0u) * 8u + left_side1 / 4u][left_side1 % 4u] = left_part1.x;
        left_block[(left_step1 * 4u + 1u) * 8u + left_side1 / 4u][left_side1 % 4u] = left_part1.y;
        left_block[(left_step1 * 4u + 2u) * 8u + left_side1 / 4u][left_side1 % 4u] = left_part1.z;
        left_block[(left_step1 * 4u + 3u) * 8u + left_side1 / 4u][left_side1 % 4u] = left_part1.w;
        right_block[right_step0 * 8u + right_side0] = right_part0;
        right_block[right_step1 * 8u + right_side1] = right_part1;
        workgroupBarrier();
        for (var step = 0u; step < 16u; step++) {
          let left0 = left_block[step * 8u + lane / 8u * 1u + 0u];
          let right0 = right_block[step * 8u + lane % 8u * 1u + 0u];
          sum0_0 += left0.x * right0;
          sum1_0 += left0.y * right0;
          sum2_0 += left0.z * right0;
          sum3_0 += left0.w * right0;
        }
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
