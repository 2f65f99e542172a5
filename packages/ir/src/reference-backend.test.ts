import { describe, expect, it } from 'vitest';
import { add, type Device, hostTensor, mul, ProgramBuilder, referenceBackend, tensorType } from './index.js';

const open = (): Promise<Device> => referenceBackend().open();
const coded = (code: string) => expect.objectContaining({ code });

function increment() {
  const builder = new ProgramBuilder('increment');
  const state = builder.input('state', tensorType([1]));
  return builder.finish({ state: add(state, builder.scalar(1e-9)) }, [{ output: 0, input: 0 }]);
}

describe('the reference backend', () => {
  it('is always available', async () => {
    expect(await referenceBackend().probe()).toEqual([expect.objectContaining({ available: true })]);
  });

  it('keeps float64 between programs, rounds only in downloads, and hands donated storage on', async () => {
    await using device = await open();
    using executable = await device.compile(increment());
    let state = device.upload(hostTensor([1], [1]));
    for (let step = 0; step < 1000; step++) state = (await executable.run([state]))[0]!;
    expect((await device.download(state)).data[0]).toBe(Math.fround(1 + 1e-6));
    state[Symbol.dispose]();
    expect(device.memory()).toEqual({ liveBytes: 0, peakBytes: 4, bufferCount: 0 });
  });

  it('deletes a donated input and refuses it afterwards', async () => {
    await using device = await open();
    using executable = await device.compile(increment());
    const state = device.upload(hostTensor([1], [1]));
    using next = (await executable.run([state]))[0]!;
    expect([state.deleted, next.deleted]).toEqual([true, false]);
    await expect(executable.run([state])).rejects.toEqual(coded('E_BUFFER_DELETED'));
    await expect(device.download(state)).rejects.toEqual(coded('E_BUFFER_DELETED'));
  });

  it('keeps the inputs of a run that was refused', async () => {
    await using device = await open();
    using executable = await device.compile(increment());
    using wrong = device.upload(hostTensor([2], [1, 2]));
    await expect(executable.run([wrong])).rejects.toEqual(coded('E_SIGNATURE'));
    await expect(executable.run([])).rejects.toEqual(coded('E_SIGNATURE'));
    expect(wrong.deleted).toBe(false);
  });

  it('refuses a buffer of another device', async () => {
    await using device = await open();
    await using other = await open();
    using buffer = other.upload(hostTensor([1], [1]));
    using executable = await device.compile(increment());
    await expect(executable.run([buffer])).rejects.toEqual(coded('E_SIGNATURE'));
    await expect(device.download(buffer)).rejects.toEqual(coded('E_SIGNATURE'));
    expect(buffer.deleted).toBe(false);
  });

  it('does not let a later change of the uploaded data through', async () => {
    await using device = await open();
    const data = new Int32Array([1, 2]);
    using buffer = device.upload(hostTensor([2], data, 'i32'));
    data.fill(9);
    expect(Array.from((await device.download(buffer)).data)).toEqual([1, 2]);
  });

  it('compiles a program once for many runs and describes it', async () => {
    await using device = await open();
    const builder = new ProgramBuilder('square');
    const x = builder.input('x', tensorType([2]));
    using executable = await device.compile(builder.finish({ y: mul(x, x) }));
    expect(executable.signature.inputs).toEqual([{ name: 'x', type: tensorType([2]), donated: false }]);
    expect(executable.report.kernels).toBe(1);
  });
});
