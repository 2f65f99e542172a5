import { add, type Device, einsum, hostTensor, mul, type Program, ProgramBuilder, tensorType } from '@attune/ir';
import { uniform } from '@attune/ir/internal';
import { afterEach, describe, expect, it } from 'vitest';
import { webgpu } from '../backend.js';
import { type ProgramTrace, printTrace } from '../execution/trace.js';
import { gpuWithoutAdapter, spiedGpu } from '../testing/spied-gpu.js';

/** state' = state / 2 + x, in place of the state. */
function step(): Program {
  const builder = new ProgramBuilder('step');
  const [state, x] = ['state', 'x'].map((name) => builder.input(name, tensorType([100])));
  return builder.finish({ state: add(mul(state!, 0.5), x!) }, [{ output: 0, input: 0 }]);
}

describe('a WebGPU device', () => {
  let device: Device;
  afterEach(() => device[Symbol.asyncDispose]());

  it('T27: rejects runs and downloads with E_DEVICE_LOST after it is destroyed in mid-step', async () => {
    let inner: GPUDevice | undefined;
    device = await webgpu({ gpu: await spiedGpu((opened) => (inner = opened)) }).open();
    using executable = await device.compile(step());
    const x = device.upload(uniform([100], [0, 1], 1));
    const [state] = await executable.run([device.upload(uniform([100], [0, 1], 2)), x]);
    const running = executable.run([state!, x]);
    inner!.destroy();
    const outcomes = await Promise.allSettled([running, running.then(([next]) => device.download(next!))]);
    expect(outcomes.at(-1)).toMatchObject({ status: 'rejected', reason: { code: 'E_DEVICE_LOST' } });
    await expect(device.lost).resolves.toMatchObject({ reason: expect.any(String) });
    await expect(executable.run([x, x])).rejects.toMatchObject({ code: 'E_DEVICE_LOST', hint: expect.any(String) });
    expect(() => device.upload(uniform([2], [0, 1], 1))).toThrow(expect.objectContaining({ code: 'E_DEVICE_LOST' }));
  });

  it('keeps buffers and bytes as they were over a thousand steps', async () => {
    device = await webgpu().open();
    using executable = await device.compile(step());
    using x = device.upload(hostTensor([100], new Float32Array(100).fill(1)));
    let state = device.upload(hostTensor([100], new Float32Array(100)));
    const before = device.memory();
    for (let count = 0; count < 1000; count++) state = (await executable.run([state, x]))[0]!;
    expect(device.memory()).toEqual(before);
    expect((await device.download(state)).data[99]).toBeCloseTo(2, 5);
    state[Symbol.dispose]();
  });

  it('binds kernels to the buffers that take turns, and then no more', async () => {
    let groups = 0;
    const gpu = await spiedGpu((opened) => {
      const { createBindGroup } = opened;
      opened.createBindGroup = (descriptor) => {
        groups++;
        return createBindGroup.call(opened, descriptor);
      };
    });
    device = await webgpu({ gpu }).open();
    using executable = await device.compile(step());
    let state = device.upload(hostTensor([100], new Float32Array(100)));
    const counts: number[] = [];
    for (let count = 0; count < 20; count++) {
      using x = device.upload(hostTensor([100], new Float32Array(100).fill(count)));
      state = (await executable.run([state, x]))[0]!;
      counts.push(groups);
    }
    expect(counts[0]).toBeGreaterThan(0);
    expect(counts.slice(4)).toEqual(Array(16).fill(counts[4]));
    state[Symbol.dispose]();
  });

  it('says which adapter it is, and what there is', async () => {
    device = await webgpu().open();
    const [found] = await webgpu().probe();
    expect(found).toMatchObject({ backend: 'webgpu', available: true, device: device.info.device });
    expect(device.capabilities.dtypes.has('f16')).toBe(true);
    expect(device.capabilities.maxBufferBytes).toBeGreaterThanOrEqual(2 ** 27);
    await expect(webgpu({ gpu: await gpuWithoutAdapter() }).open()).rejects.toMatchObject({
      code: 'E_BACKEND_UNAVAILABLE',
    });
    expect(await webgpu({ gpu: await gpuWithoutAdapter() }).probe()).toMatchObject([
      { available: false, reason: expect.stringContaining('no adapter') },
    ]);
  });

  it('T27: refuses a product that it cannot bind, before it asks for memory', async () => {
    device = await webgpu({ limits: 'default' }).open();
    const builder = new ProgramBuilder('large');
    const [x, w] = ['x', 'w'].map((name) => builder.input(name, tensorType([2 ** 22, 64])));
    const program = builder.finish({ y: einsum('nk,nm->km', x!, w!) });
    await expect(device.compile(program)).rejects.toMatchObject({
      code: 'E_UNSUPPORTED_PROGRAM',
      field: 'dot_general',
      message: expect.stringContaining('bindings of 134217728 bytes; the device has'),
    });
    expect(device.memory()).toMatchObject({ bufferCount: 0, liveBytes: 0 });
  });

  it('refuses a donated input that is passed twice, and deletes nothing', async () => {
    device = await webgpu().open();
    using executable = await device.compile(step());
    using x = device.upload(uniform([100], [0, 1], 1));
    await expect(executable.run([x, x])).rejects.toMatchObject({ code: 'E_SIGNATURE', field: 'state' });
    expect(x.deleted).toBe(false);
  });

  it('traces the kernels of a program once', async () => {
    const traces: ProgramTrace[] = [];
    device = await webgpu({ trace: (trace) => traces.push(trace) }).open();
    using executable = await device.compile(step());
    using x = device.upload(uniform([100], [0, 1], 1));
    const [state] = await executable.run([device.upload(uniform([100], [0, 1], 2)), x]);
    const [last] = await executable.run([state!, x]);
    last![Symbol.dispose]();
    expect(traces).toMatchObject([
      {
        program: 'step',
        kernels: [
          { label: 'add', bytes: 800, operations: 100, workgroups: 1, code: expect.stringContaining('fn main') },
        ],
      },
    ]);
    const { kernels } = traces[0]!;
    expect(kernels[0]!.microseconds ?? 0).toBeGreaterThanOrEqual(0);
    expect(printTrace({ program: 'step', kernels: [{ ...kernels[0]!, microseconds: 12.3 }] }).split('\n')).toEqual([
      'step',
      '     bytes  operations  workgroups          µs  ops',
      '       800         100           1          12  add',
    ]);
  });
});
