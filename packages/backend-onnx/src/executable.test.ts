import { add, type Device, gather, hostTensor, mul, ProgramBuilder, project, sqrt, sub, tensorType } from '@attune/ir';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onnx } from './backend.js';

describe('updates of large tensors', () => {
  const [rows, columns] = [700, 900];
  let device: Device;
  beforeAll(async () => {
    device = await onnx().open();
  });
  afterAll(() => device[Symbol.asyncDispose]());

  it('give in tiles what they give whole, step after step, in the memory of two sets', async () => {
    const builder = new ProgramBuilder('update');
    const type = tensorType([rows, columns]);
    const [p, v] = [builder.input('p', type), builder.input('v', type)];
    const [x, z] = [builder.input('x', tensorType([rows, 1])), builder.input('z', tensorType([columns, 1]))];
    const gradient = project(x, z);
    const nextV = add(mul(v, 0.5), mul(gradient, gradient));
    const aliases = [
      { output: 0, input: 0 },
      { output: 1, input: 1 },
    ];
    const program = builder.finish({ p: sub(p, mul(gradient, sqrt(nextV))), v: nextV }, aliases);
    using executable = await device.compile(program);
    const upload = (shape: readonly number[], value: (index: number) => number) =>
      device.upload(
        hostTensor(
          shape,
          Float32Array.from({ length: shape[0]! * shape[1]! }, (_, index) => value(index)),
        ),
      );
    const [xBuffer, zBuffer] = [
      upload([rows, 1], (row) => row % 3),
      upload([columns, 1], (column) => 1 / (1 + column)),
    ];
    let state = [upload([rows, columns], (index) => index % 7), upload([rows, columns], () => 1)];
    const live = device.memory();
    for (let step = 0; step < 3; step++) state = [...(await executable.run([...state, xBuffer, zBuffer]))];
    expect(device.memory().liveBytes).toBe(live.liveBytes);
    expect(device.memory().bufferCount).toBe(live.bufferCount);
    const [gotP, gotV] = [await device.download(state[0]!), await device.download(state[1]!)];
    for (const index of [0, 1, 899, 2 ** 18 - 1, 2 ** 18, 2 ** 18 + 1, 2 ** 19, rows * columns - 1]) {
      const gradientHere = (Math.floor(index / columns) % 3) / (1 + (index % columns));
      let [wantP, wantV] = [index % 7, 1];
      for (let step = 0; step < 3; step++) {
        wantV = wantV * 0.5 + gradientHere ** 2;
        wantP -= gradientHere * Math.sqrt(wantV);
      }
      expect(gotP.data[index]).toBeCloseTo(wantP, 4);
      expect(gotV.data[index]).toBeCloseTo(wantV, 4);
    }
  });

  it('fail with the words of the runtime', async () => {
    const builder = new ProgramBuilder('gather');
    const table = builder.input('table', tensorType([2, 2]));
    const ids = builder.input('ids', tensorType([1], 'i32'));
    using executable = await device.compile(builder.finish({ y: gather(table, ids) }));
    const inputs = [device.upload(hostTensor([2, 2], [1, 2, 3, 4])), device.upload(hostTensor([1], [9], 'i32'))];
    await expect(executable.run(inputs)).rejects.toMatchObject({ code: 'E_DEVICE', message: /out of data bounds/ });
  });
});
