import {
  add,
  type Device,
  dynamicUpdateSliceAxis,
  gather,
  hostTensor,
  mul,
  ProgramBuilder,
  project,
  reduceSum,
  sqrt,
  sub,
  tensorType,
} from '@attune/ir';
import { interpretByName } from '@attune/testing/interpret-by-name';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onnx } from './backend.js';

it('products of few rows with a large matrix are right, other way round or not', async () => {
  const numbers = (...shape: number[]) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return hostTensor(
      shape,
      Float32Array.from({ length: count }, (_, index) => Math.sin(index * 1.7)),
    );
  };
  await using device = await onnx().open();
  for (const rows of [3, 4, 16, 17]) {
    const builder = new ProgramBuilder('few rows');
    const given = new Map([
      ['x', numbers(rows, 33)],
      ['w', numbers(520, 33)],
    ]);
    const [x, w] = [...given].map(([name, { type }]) => builder.input(name, type));
    const program = builder.finish({ y: mul(project(x!, w!), 0.5) });
    using executable = await device.compile(program);
    const [y] = await executable.run([...given.values()].map((tensor) => device.upload(tensor)));
    const wanted = interpretByName(program, given).get('y')!.data;
    const { data } = await device.download(y!);
    expect(Math.max(...Array.from(data, (value, index) => Math.abs(value - wanted[index]!)))).toBeLessThan(1e-5);
  }
});

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

describe('updates of a part', () => {
  const cacheType = tensorType([2, 5, 3]);

  function cacheProgram(readsOld: boolean) {
    const builder = new ProgramBuilder('cache');
    const cache = builder.input('cache', cacheType);
    const position = builder.input('position', tensorType([], 'i32'));
    const updated = dynamicUpdateSliceAxis(cache, builder.input('row', tensorType([2, 1, 3])), 1, position);
    return builder.finish({ updated, sum: reduceSum(readsOld ? cache : updated, [0, 1, 2]) }, [
      { output: 0, input: 0 },
    ]);
  }

  it.each([
    { readsOld: false, more: 0, sum: 3 * 30 + 6 - 18 },
    { readsOld: true, more: 1, sum: 3 * 30 },
  ])('take no memory unless what was there is read: $readsOld', async ({ readsOld, more, sum }) => {
    await using device = await onnx().open();
    using executable = await device.compile(cacheProgram(readsOld));
    const cache = device.upload(hostTensor([2, 5, 3], new Array(30).fill(3)));
    const [position, row] = [
      device.upload(hostTensor([], [9], 'i32')),
      device.upload(hostTensor([2, 1, 3], new Array(6).fill(1))),
    ];
    const before = device.memory().peakBytes;
    const [updated, total] = await executable.run([cache, position, row]);
    expect(device.memory().peakBytes - before).toBe(4 + more * 4 * 30);
    expect(cache.deleted).toBe(true);
    expect((await device.download(total!)).data[0]).toBe(sum);
    expect([...(await device.download(updated!)).data]).toEqual(
      [0, 1].flatMap(() => [...new Array(12).fill(3), 1, 1, 1]),
    );
  });
});

it('reads a constant where it is, and writes nothing there when the buffer is gone', async () => {
  await using device = await onnx().open();
  const builder = new ProgramBuilder('sum');
  const program = builder.finish({
    y: add(builder.input('a', tensorType([2])), builder.input('b', tensorType([2]))),
  });
  using executable = await device.compile(program);
  const constant = hostTensor([2], [1, 2]);
  const [a, b] = [device.upload(constant, { isConstant: true }), device.upload(hostTensor([2], [3, 4]))];
  const [sum] = await executable.run([a, b]);
  expect(Array.from((await device.download(sum!)).data)).toEqual([4, 6]);
  expect(device.memory()).toMatchObject({ bufferCount: 3, liveBytes: 24 });
  for (const buffer of [a, b, sum!]) buffer[Symbol.dispose]();
  for (let count = 0; count < 4; count++) device.upload(hostTensor([2], [9, 9]));
  expect(Array.from(constant.data)).toEqual([1, 2]);
});
