/** A cache whose storage the result takes over: only what is new is written. */
import { decoderStep } from '@attune/conformance';
import { dynamicUpdateSliceAxis, type Program, ProgramBuilder, reduceSum, tensorType } from '@attune/ir';
import { expect, it } from 'vitest';
import { codeOf } from '../testing/program-code.js';
import { schedule } from './schedule.js';
import { cpuTuning } from './tuning.js';

function cacheProgram({ donated = true, reads = 'updated' as 'updated' | 'cache' | 'row' } = {}): Program {
  const builder = new ProgramBuilder('cache');
  const cache = builder.input('cache', tensorType([2, 8, 3]));
  const position = builder.input('position', tensorType([], 'i32'));
  const row = builder.input('row', tensorType([2, 1, 3]));
  const updated = dynamicUpdateSliceAxis(cache, row, 1, position);
  const read = { updated, cache, row }[reads];
  return builder.finish({ updated, sums: reduceSum(read, [1]) }, donated ? [{ output: 0, input: 0 }] : []);
}

const labelsOf = (program: Program) => schedule(program, { tuning: cpuTuning }).kernels.map(({ label }) => label);

it('writes the part alone, which later kernels read with the rest', () => {
  const program = cacheProgram();
  expect(labelsOf(program)).toEqual(['update_in_place', 'reduce_sum']);
  expect(schedule(program, { tuning: cpuTuning }).inPlace.size).toBe(1);
  expect(codeOf(program)).toMatchInlineSnapshot(`
    "// update_in_place
    @group(0) @binding(0) var<storage, read_write> output0: array<f32>;
    @group(0) @binding(1) var<storage, read> input0: array<f32>;
    @group(0) @binding(2) var<uniform> parameters: array<vec4u, 1>;

    @compute @workgroup_size(256)
    fn main(@builtin(workgroup_id) workgroup_id: vec3u, @builtin(local_invocation_index) lane: u32) {
      let element = workgroup_id.x * 256u + lane;
      if (element >= 6u) {
        return;
      }
      let x0 = input0[element];
      let x1 = bitcast<i32>(parameters[0].x);
      let at2 = u32(clamp(x1, 0i, 7i));
      let at3 = (element / 3u) * 24u + at2 * 3u + (element % 3u);
      output0[at3] = x0;
    }

    // reduce_sum
    @group(0) @binding(0) var<storage, read_write> output0: array<f32, 6>;
    @group(0) @binding(1) var<storage, read> input0: array<f32, 48>;

    @compute @workgroup_size(256)
    fn main(@builtin(workgroup_id) workgroup_id: vec3u, @builtin(local_invocation_index) lane: u32) {
      let outer = workgroup_id.x * 256u + lane;
      if (outer >= 6u) {
        return;
      }
      var sum0: f32 = 0f;
      for (var inner = 0u; inner < 8u; inner++) {
        let at1 = (outer / 3u) * 24u + inner * 3u + (outer % 3u);
        let x2 = input0[at1];
        sum0 = sum0 + x2;
      }
      output0[outer] = sum0;
    }
    "
  `);
});

it('waits for those that read what was there', () => {
  expect(labelsOf(cacheProgram({ reads: 'cache' }))).toEqual(['reduce_sum', 'update_in_place']);
});

it('copies where the input stays', () => {
  expect(labelsOf(cacheProgram({ donated: false, reads: 'row' }))).toEqual(['dynamic_update_slice', 'reduce_sum']);
});

it('updates both caches of a decoder in place, and copies nothing', () => {
  const labels = labelsOf(decoderStep());
  expect(labels.filter((label) => label === 'update_in_place')).toHaveLength(2);
  expect(labels).not.toContain('copy');
});
