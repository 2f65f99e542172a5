import {
  add,
  type Buffer,
  type Device,
  gather,
  hostTensor,
  mul,
  ProgramBuilder,
  reshape,
  tensorType,
} from '@attune/ir';
import { memory } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tfjs } from './backend.js';
import { testedFlavours } from './testing/tested-flavours.js';

describe.each(testedFlavours)('runs on %s', (flavour) => {
  let device: Device;
  beforeAll(async () => {
    device = await tfjs({ flavour }).open();
  });
  afterAll(() => device[Symbol.asyncDispose]());

  const vector = (...values: number[]) => device.upload(hostTensor([values.length], values));
  const dispose = (buffers: readonly Buffer[]) => {
    for (const buffer of buffers) buffer[Symbol.dispose]();
  };

  it('leave as many tensors as they found, step after step', async () => {
    const builder = new ProgramBuilder('state');
    const [state, x] = [builder.input('state', tensorType([4])), builder.input('x', tensorType([4]))];
    const next = add(mul(state, 0.5), mul(x, x));
    using executable = await device.compile(
      builder.finish({ state: next, y: mul(next, 2) }, [{ output: 0, input: 0 }]),
    );
    const x1 = vector(1, 2, 3, 4);
    let current: Buffer = vector(0, 0, 0, 0);
    const before = memory();
    for (let step = 0; step < 1000; step++) {
      const [updated, y] = await executable.run([current, x1]);
      current = updated!;
      dispose([y!]);
    }
    expect(memory().numTensors).toBe(before.numTensors);
    expect(memory().numBytes).toBe(before.numBytes);
    expect((await device.download(current)).data[3]).toBeCloseTo(32, 4);
    dispose([current, x1]);
  });

  it('free everything of theirs where they fail, with the words of TensorFlow.js', async () => {
    const builder = new ProgramBuilder('gather');
    const table = builder.input('table', tensorType([2, 2]));
    const y = gather(mul(table, 2), builder.input('ids', tensorType([1], 'i32')));
    using executable = await device.compile(builder.finish({ y: reshape(y, [2]) }));
    const inputs = [device.upload(hostTensor([2, 2], [1, 2, 3, 4])), device.upload(hostTensor([1], [9], 'i32'))];
    const before = memory().numTensors;
    await expect(executable.run(inputs)).rejects.toMatchObject({ code: 'E_DEVICE', message: /index value 9/ });
    expect(memory().numTensors).toBe(before);
    dispose(inputs);
  });

  it('give every output a buffer of its own, also where values are one', async () => {
    const builder = new ProgramBuilder('outputs');
    const x = builder.input('x', tensorType([2]));
    const twice = mul(x, 2);
    using executable = await device.compile(builder.finish({ x, twice, again: twice }));
    const input = vector(1, 2);
    const [same, first, second] = await executable.run([input]);
    dispose([input, first!]);
    expect([...(await device.download(same!)).data]).toEqual([1, 2]);
    expect([...(await device.download(second!)).data]).toEqual([2, 4]);
    dispose([same!, second!]);
  });

  it('take a donated buffer that is another input too', async () => {
    const builder = new ProgramBuilder('aliased');
    const [a, b] = [builder.input('a', tensorType([2])), builder.input('b', tensorType([2]))];
    const sum = add(mul(a, 3), b);
    using executable = await device.compile(builder.finish({ a: mul(sum, b) }, [{ output: 0, input: 0 }]));
    const before = memory().numTensors;
    const both = vector(1, 2);
    const [result] = await executable.run([both, both]);
    expect([...(await device.download(result!)).data]).toEqual([4, 16]);
    expect(both.deleted).toBe(true);
    dispose([result!]);
    expect(memory().numTensors).toBe(before);
  });

  it('select their backend, whichever was selected before', async () => {
    await using other = await tfjs({ flavour: flavour === 'wasm' ? 'cpu' : 'wasm' }).open();
    const builder = new ProgramBuilder('double');
    const program = builder.finish({ y: mul(builder.input('x', tensorType([2])), 2) });
    using here = await device.compile(program);
    using there = await other.compile(program);
    const inputs = [vector(1, 2), other.upload(hostTensor([2], [3, 4]))] as const;
    const [[y], [z]] = await Promise.all([here.run([inputs[0]]), there.run([inputs[1]])]);
    expect([...(await device.download(y!)).data]).toEqual([2, 4]);
    expect([...(await other.download(z!)).data]).toEqual([6, 8]);
    await expect(here.run([inputs[1]])).rejects.toMatchObject({ code: 'E_SIGNATURE', message: /another device/ });
    dispose([y!, z!, ...inputs]);
  });

  it('refuse dtypes that neither TensorFlow.js nor the host has, all at once', async () => {
    const builder = new ProgramBuilder('halves');
    const program = builder.finish({
      a: builder.input('a', tensorType([1], 'f16')),
      b: builder.input('b', tensorType([1], 'bf16')),
    });
    await expect(device.compile(program)).rejects.toMatchObject({
      code: 'E_UNSUPPORTED_PROGRAM',
      message: /f16 and bf16/,
    });
  });
});
