/** T27: an ONNX Runtime that throws when it compiles or runs, or that lacks its execution provider. */
import { add, hostTensor, isAttuneError, ProgramBuilder, tensorType } from '@attune/ir';
import { afterEach, describe, expect, it, vi } from 'vitest';

type Runtime = typeof import('onnxruntime-node');

/** What goes wrong next; the rest is the real library. */
const faults = vi.hoisted(() => ({
  create: undefined as Error | undefined,
  run: undefined as Error | undefined,
}));

vi.mock('onnxruntime-node', async (original) => {
  const real = await original<Runtime>();
  const create: Runtime['InferenceSession']['create'] = async (...parts: readonly unknown[]) => {
    if (faults.create) throw faults.create;
    const session = await Reflect.apply(real.InferenceSession.create, real.InferenceSession, parts);
    const run = session.run.bind(session);
    session.run = (...given: Parameters<typeof run>) => (faults.run ? Promise.reject(faults.run) : run(...given));
    return session;
  };
  return { ...real, InferenceSession: { create } };
});

const { onnx } = await import('./backend.js');

afterEach(() => Object.assign(faults, { create: undefined, run: undefined }));

function double() {
  const builder = new ProgramBuilder('double');
  const x = builder.input('x', tensorType([2]));
  return builder.finish({ y: add(x, x) }, [{ output: 0, input: 0 }]);
}

describe('T27 device-lost-oom: ONNX Runtime', () => {
  it('throws at compile time: a typed error, and the device stays usable', async () => {
    await using device = await onnx({ threads: 1 }).open();
    faults.create = new Error('Could not find an implementation for Add(14)');
    await expect(device.compile(double())).rejects.toMatchObject({
      code: 'E_DEVICE',
      message: 'ONNX Runtime failed: Could not find an implementation for Add(14)',
      cause: faults.create,
    });
    faults.create = undefined;
    using executable = await device.compile(double());
    const [y] = await executable.run([device.upload(hostTensor([2], [1, 2]))]);
    expect(Array.from((await device.download(y!)).data)).toEqual([2, 4]);
  });

  it('throws at run time: nothing leaks, donated inputs stay, and the next run works', async () => {
    await using device = await onnx({ threads: 1 }).open();
    using executable = await device.compile(double());
    const x = device.upload(hostTensor([2], [1, 2]));
    const { bufferCount } = device.memory();
    faults.run = new Error('Non-zero status code returned while running Add node');
    await expect(executable.run([x])).rejects.toMatchObject({ code: 'E_DEVICE', cause: faults.run });
    expect([device.memory().bufferCount, x.deleted]).toEqual([bufferCount, false]);
    faults.run = undefined;
    const [y] = await executable.run([x]);
    expect(Array.from((await device.download(y!)).data)).toEqual([2, 4]);
  });

  it.each([
    'std::bad_alloc',
    'Failed to allocate memory for requested buffer of size 8589934592',
    'Available memory of 5 is smaller than requested bytes of 8: out of memory',
  ])('is out of memory: "%s" is E_DEVICE_MEMORY with what helps', async (message) => {
    await using device = await onnx({ threads: 1 }).open();
    using executable = await device.compile(double());
    faults.run = new Error(message);
    await expect(executable.run([device.upload(hostTensor([2], [1, 2]))])).rejects.toMatchObject({
      code: 'E_DEVICE_MEMORY',
      message: expect.stringContaining(message),
      hint: expect.stringContaining('smaller batch'),
    });
  });

  it('lacks the execution provider: it is not available, with the reason', async () => {
    faults.create = new Error('no available backend found. ERR: [cpu] backend not found.');
    const [found] = await onnx({ threads: 1 }).probe();
    expect(found).toMatchObject({ available: false, reason: expect.stringContaining('backend not found') });
    const error: unknown = await onnx({ threads: 1 })
      .open()
      .catch((cause: unknown) => cause);
    expect(isAttuneError(error) && [error.code, error.hint]).toEqual([
      'E_BACKEND_UNAVAILABLE',
      'npm install onnxruntime-node@1.30',
    ]);
  });
});
