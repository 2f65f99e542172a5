/** Accumulated gradients and their norm: few kernels, which leave everything where it lies. */
import { expectClose, transformerInputs, transformerLoss, transformerParameters } from '@attune/conformance';
import { adamw, linearSchedule } from '@attune/core';
import {
  accumulateStep,
  accumulatorName,
  applyStep,
  optimizerState,
  runPasses,
  type StepOptions,
  trainStep,
} from '@attune/core/internal';
import {
  type Buffer,
  type Device,
  elementCount,
  type HostTensor,
  hostTensor,
  interpret,
  type Program,
  zeros,
} from '@attune/ir';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { webgpu } from '../backend.js';
import { spiedGpu } from '../testing/spied-gpu.js';
import { schedule } from './schedule.js';

const parameters = Object.entries(transformerParameters).map(([name, type]) => ({ name, type }));
const options: StepOptions = {
  updates: parameters.map((parameter) => ({
    parameter,
    learningRateScale: 1,
    weightDecay: parameter.type.shape.length > 1 ? 0.01 : 0,
  })),
  optimizer: adamw(),
  schedule: linearSchedule({ learningRate: 0.01, trainingSteps: 10 }),
  clip: { maxNorm: 1 },
};
const loss = { program: transformerLoss(), parameters };

/** Everything that the programs take, by name. */
function initialTensors(): Map<string, HostTensor> {
  const names = loss.program.inputs.map(({ name }) => name);
  const given = transformerInputs().map((tensor, index) => [names[index]!, tensor] as const);
  const accumulators = [...parameters, { name: 'loss', type: { shape: [], dtype: 'f32' } as const }].map(
    ({ name, type }) => [accumulatorName(name), zeros(type)] as const,
  );
  const state = optimizerState(options).map(
    ({ name, type, initial }) =>
      [name, hostTensor(type.shape, new Float32Array(elementCount(type.shape)).fill(initial))] as const,
  );
  return new Map([...given, ...accumulators, ...state, ['step', hostTensor([], [0], 'i32')]]);
}

describe('gradient accumulation', () => {
  let device: Device;
  /** Bytes of tensors that were copied from buffer to buffer on the device. */
  let copied = 0;
  beforeAll(async () => {
    const gpu = await spiedGpu((inner) => {
      const { createCommandEncoder } = inner;
      inner.createCommandEncoder = (descriptor) => {
        const encoder = createCommandEncoder.call(inner, descriptor);
        const { copyBufferToBuffer } = encoder;
        Reflect.set(encoder, 'copyBufferToBuffer', (...operands: readonly unknown[]) => {
          const bytes = operands.at(-1);
          // Parameters are copied by words.
          if (typeof bytes === 'number' && bytes > 4) copied += bytes;
          return Reflect.apply(copyBufferToBuffer, encoder, operands);
        });
        return encoder;
      };
    });
    device = await webgpu({ gpu }).open();
  });
  afterAll(() => device[Symbol.asyncDispose]());

  const compiled = (program: Program) => runPasses(program, device.capabilities);

  it('applies gradients by few kernels, in place of everything that it updates', () => {
    const apply = schedule(compiled(applyStep(options)));
    expect(apply.kernels.map(({ label }) => label)).toEqual([
      'mul',
      'partial_sums',
      'reduce_sum sqrt',
      'mul add sub broadcast',
      'mul add sub broadcast',
    ]);
    expect(apply.inPlace.size).toBe(4 * parameters.length);
    const accumulate = schedule(compiled(accumulateStep(loss, options)));
    expect(accumulate.inPlace.size).toBe(parameters.length + 1);
    expect(accumulate.arenas).toEqual([]);
    const train = schedule(compiled(trainStep(loss, options)));
    expect(train.kernels.filter(({ label }) => label === 'partial_sums')).toHaveLength(1);
  });

  it('follows the reference, and copies tensors into arenas once', async () => {
    const programs = [accumulateStep(loss, options), accumulateStep(loss, options), applyStep(options)].map(compiled);
    const executables = await Promise.all(programs.map((program) => device.compile(program)));
    const expected = initialTensors();
    const buffers = new Map<string, Buffer>([...expected].map(([name, tensor]) => [name, device.upload(tensor)]));
    const copies: number[] = [];
    for (let step = 0; step < 2; step++) {
      copied = 0;
      for (const [number, { inputs, outputs }] of programs.entries()) {
        const operands = inputs.map((port) => buffers.get(port.name)!);
        const results = await executables[number]!.run(operands);
        const reference = interpret(
          programs[number]!,
          inputs.map((port) => expected.get(port.name)!),
        );
        for (const [index, port] of outputs.entries()) {
          const old = buffers.get(port.name);
          if (old && !old.deleted) old[Symbol.dispose]();
          buffers.set(port.name, results[index]!);
          expected.set(port.name, reference[index]!);
        }
      }
      copies.push(copied);
      for (const [name, tensor] of expected)
        expectClose(`${name} of step ${step}`, await device.download(buffers.get(name)!), tensor, 50);
    }
    expect(copies[0]).toBeGreaterThan(0);
    expect(copies[1]).toBe(0);
    for (const buffer of buffers.values()) buffer[Symbol.dispose]();
    for (const executable of executables) executable[Symbol.dispose]();
    expect(device.memory()).toMatchObject({ liveBytes: 0, bufferCount: 0 });
  });
});
