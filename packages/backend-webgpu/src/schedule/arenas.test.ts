/** What an optimizer does to all parameters, by one kernel. */
import { expectClose, release } from '@attune/conformance';
import {
  add,
  type Device,
  div,
  type HostTensor,
  interpret,
  mul,
  type Program,
  ProgramBuilder,
  project,
  reduceSum,
  reshape,
  sliceAxis,
  sqrt,
  sub,
  tensorType,
} from '@attune/ir';
import { uniform } from '@attune/ir/internal';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { webgpu } from '../backend.js';
import { schedule } from './schedule.js';
import { gpuTuning } from './tuning.js';

const shapes = [
  [5, 30],
  [8, 8],
  [7, 1],
  [3, 3],
] as const;

/** One step with momentum and clipping by the norm of all gradients; weights and momenta are donated. */
function clippedStep(): Program {
  const builder = new ProgramBuilder('step');
  const input = (name: string, shape: readonly number[]) => builder.input(name, tensorType(shape));
  const states = shapes.map((shape, index) => [input(`w${index}`, shape), input(`m${index}`, shape)] as const);
  const gradients = shapes.map(([rows, columns], index) =>
    project(input(`a${index}`, [rows, 2]), input(`b${index}`, [columns, 2])),
  );
  const norm = sqrt(
    gradients.map((gradient) => reduceSum(mul(gradient, gradient), [0, 1])).reduce((a, b) => add(a, b)),
  );
  const outputs = states.flatMap(([w, m], index) => {
    const next = add(mul(m, 0.9), div(gradients[index]!, add(norm, 1)));
    return [[`w${index}`, sub(w, mul(next, 0.1))] as const, [`m${index}`, next] as const];
  });
  const aliases = outputs.map((_, index) => ({ output: index, input: index }));
  return builder.finish(Object.fromEntries([...outputs, ['norm', norm]]), aliases);
}

const inputsOf = ({ inputs, types }: Program): readonly HostTensor[] =>
  inputs.map(({ value }, index) => uniform(types[value]!.shape, [-1, 1], index));

describe('arenas', () => {
  let device: Device;
  beforeAll(async () => {
    device = await webgpu().open();
  });
  afterAll(() => device[Symbol.asyncDispose]());

  it('let one kernel update tensors of all sizes', () => {
    const { kernels, arenas } = schedule(clippedStep(), { tuning: gpuTuning });
    expect(arenas.map(({ values, offsets, bytes }) => [values.length, offsets, bytes])).toEqual([
      [4, [0, 768, 1024, 1280], 1536],
      [4, [0, 768, 1024, 1280], 1536],
    ]);
    const updates = kernels.filter(({ bindings }) => bindings.some(({ kind }) => kind === 'arena'));
    expect(updates.map(({ bindings }) => bindings.map(({ kind }) => kind))).toEqual([
      ['arena', 'arena', 'slot', 'scalars'],
    ]);
    expect(updates[0]!.code).toMatchInlineSnapshot(`
      "@group(0) @binding(0) var<storage, read_write> output0: array<f32>;
      @group(0) @binding(1) var<storage, read_write> output1: array<f32>;
      @group(0) @binding(2) var<storage, read> input0: array<f32>;
      @group(0) @binding(3) var<storage, read> scalars: array<u32>;

      @compute @workgroup_size(256)
      fn main(@builtin(workgroup_id) workgroup_id: vec3u, @builtin(local_invocation_index) lane: u32) {
        let element = workgroup_id.x * 256u + lane;
        if (element >= 384u) {
          return;
        }
        let x0 = output0[element];
        let x1 = (x0 * 0.9f);
        let x2 = input0[element];
        let x3 = bitcast<f32>(scalars[0]);
        let x4 = (x3 + 1f);
        let x5 = (x2 / x4);
        let x6 = (x1 + x5);
        output0[element] = x6;
        let x7 = output1[element];
        let x8 = (x6 * 0.1f);
        let x9 = (x7 - x8);
        output1[element] = x9;
      }
      "
    `);
  });

  it('are added up as they lie, without what lies between', () => {
    const { kernels } = schedule(clippedStep(), { tuning: gpuTuning });
    const [sums, ...others] = kernels.filter(({ label }) => label === 'partial_sums');
    expect(others).toEqual([]);
    expect(sums!.code).toMatchInlineSnapshot(`
      "@group(0) @binding(0) var<storage, read_write> output0: array<f32>;
      @group(0) @binding(1) var<storage, read> block0: array<f32>;

      const ranges1 = array<vec2u, 4>(
        vec2u(0u, 150u),
        vec2u(192u, 256u),
        vec2u(256u, 263u),
        vec2u(320u, 329u),
      );

      fn term0(number: f32) -> f32 {
        let x0 = (number * number);
        return x0;
      }

      @compute @workgroup_size(64)
      fn main(@builtin(workgroup_id) workgroup_id: vec3u, @builtin(local_invocation_index) lane: u32) {
        let thread = workgroup_id.x * 64u + lane;
        var sum = 0f;
        for (var tensor = 0u; tensor < 4u; tensor++) {
          let range = ranges1[tensor];
          for (var element = range.x + thread; element < range.y; element += 2048u) {
            sum += term0(block0[element]);
          }
        }
        output0[thread] = sum;
      }
      "
    `);
  });

  it('are no larger than a binding may be', () => {
    const { arenas } = schedule(clippedStep(), { tuning: { ...gpuTuning, maxBindingBytes: 1024 } });
    expect(arenas.map(({ bytes }) => bytes)).toEqual([1024, 1024, 512, 512]);
  });

  it('keep values and memory right from step to step, and take state that lies elsewhere', async () => {
    const program = clippedStep();
    using executable = await device.compile(program);
    let expected: readonly HostTensor[] = inputsOf(program);
    const given = expected.map((tensor) => device.upload(tensor));
    const states = 2 * shapes.length;
    let state = given.slice(0, states);
    const before = device.memory();
    for (let step = 0; step < 4; step++) {
      const outputs = await executable.run([...state, ...given.slice(states)]);
      const reference = interpret(program, expected);
      for (const [index, { name }] of program.outputs.entries()) {
        expectClose(`${name} of step ${step}`, await device.download(outputs[index]!), reference[index]!, 10);
      }
      release(outputs.slice(states));
      expect(device.memory()).toMatchObject({ liveBytes: before.liveBytes, bufferCount: before.bufferCount });
      expected = [...reference.slice(0, states), ...expected.slice(states)];
      state = outputs.slice(0, states);
      if (step !== 1) continue;
      const [moved] = state.splice(2, 1, device.upload(expected[2]!));
      release([moved!]);
    }
    release([...state, ...given.slice(states)]);
    expect(device.memory()).toMatchObject({ liveBytes: 0, bufferCount: 0 });
  });

  it('let go of what another program updates by itself', async () => {
    const step = clippedStep();
    using executable = await device.compile(step);
    const given = inputsOf(step).map((tensor) => device.upload(tensor));
    const outputs = await executable.run(given);
    const builder = new ProgramBuilder('scale');
    const [w, factor] = [builder.input('w', tensorType(shapes[0])), builder.input('factor', tensorType(shapes[2]))];
    const program = builder.finish({ w: mul(w, sliceAxis(reshape(factor, [1, 7]), 1, 2, 3)) }, [
      { output: 0, input: 0 },
    ]);
    using scale = await device.compile(program);
    const [old, other] = [outputs[0]!, outputs[4]!];
    const operands = [await device.download(old), await device.download(other)];
    const [scaled] = await scale.run([old, other]);
    expectClose('w', await device.download(scaled!), interpret(program, operands)[0]!);
    release([scaled!, ...outputs, ...given]);
    expect(device.memory()).toMatchObject({ liveBytes: 0, bufferCount: 0 });
  });
});
