/** Tensors that are larger than a binding or a buffer may be, by limits of bytes in place of MiB. */
import { expectLikeReference } from '@attune/conformance';
import {
  add,
  cast,
  type Device,
  dropout,
  einsum,
  embedding,
  greater,
  hostTensor,
  mul,
  type Program,
  ProgramBuilder,
  reduceSum,
  reverse,
  softmax,
  sub,
  type TensorType,
  tensorType,
  transpose,
  type Value,
} from '@attune/ir';
import { uniform } from '@attune/ir/internal';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { webgpu } from './index.js';
import { schedule } from './schedule/schedule.js';
import { cpuTuning } from './schedule/tuning.js';

/** Windows of 64 elements, and buffers of two windows. */
const limited = { maxBindings: 8, maxBindingBytes: 256, maxBufferBytes: 600 };

function programOf(types: Readonly<Record<string, TensorType>>, body: (...inputs: Value[]) => Value): Program {
  const builder = new ProgramBuilder('windows');
  return builder.finish({ y: body(...Object.entries(types).map(([name, type]) => builder.input(name, type))) });
}

/** Each with two tensors of several windows at least. */
const cases: Readonly<Record<string, Program>> = {
  'elementwise kernels that read elsewhere': programOf({ x: tensorType([10, 16]) }, (x) =>
    mul(add(x!, reverse(x!, [0])), 2),
  ),
  'packed results': programOf({ x: tensorType([10, 16]) }, (x) => cast(mul(x!, 2), 'f16')),
  // Results of one window, of an operand of two.
  'results of fewer bytes': programOf({ x: tensorType([128]) }, (x) => cast(mul(x!, 2), 'f16')),
  'packed flags': programOf({ x: tensorType([128]) }, (x) => greater(x!, 0)),
  'reductions by rows': programOf({ x: tensorType([9, 16]) }, (x) => softmax(x!)),
  'reductions by columns': programOf({ x: tensorType([12, 10]) }, (x) => reduceSum(x!, [0])),
  products: programOf({ x: tensorType([9, 16]), w: tensorType([12, 16]) }, (x, w) => einsum('nk,mk->nm', x!, w!)),
  'products of transposes': programOf({ x: tensorType([16, 9]), w: tensorType([16, 7]) }, (x, w) =>
    einsum('kn,km->nm', x!, w!),
  ),
  transposes: programOf({ x: tensorType([10, 14]) }, (x) => transpose(x!, [1, 0])),
};

describe('tensors larger than a binding and a buffer', () => {
  let device: Device;
  beforeAll(async () => {
    device = await webgpu({ tuning: limited }).open();
  });
  afterAll(() => device[Symbol.asyncDispose]());

  it.each(Object.entries(cases))('are bound in windows by %s', async (_, program) => {
    const { kernels } = schedule(program, { tuning: { ...cpuTuning, ...limited } });
    expect(kernels.map(({ code }) => code).join()).toMatch(/fn (load|store)_(in|out)put0\(/);
    const inputs = program.inputs.map(({ value }, index) => uniform(program.types[value]!.shape, [-1, 1], index));
    await expectLikeReference(device, program, inputs);
  });

  it('are gathered from', async () => {
    const program = programOf({ table: tensorType([20, 7]), ids: tensorType([6], 'i32') }, (table, ids) =>
      embedding(table!, ids!),
    );
    await expectLikeReference(device, program, [
      uniform([20, 7], [-1, 1], 1),
      hostTensor([6], [19, 0, 9, 10, 3, 19], 'i32'),
    ]);
  });

  it('are updated in place window by window, by kernels that bind no more', async () => {
    const builder = new ProgramBuilder('update');
    const [w, m, v, gradient] = ['w', 'm', 'v', 'gradient'].map((name) => builder.input(name, tensorType([60, 7])));
    const rate = builder.input('rate', tensorType([7]));
    const mean = add(mul(m!, 0.9), mul(gradient!, 0.1));
    const square = add(mul(v!, 0.99), mul(mul(gradient!, gradient!), 0.01));
    const key = builder.constant(hostTensor([2], [1, 2], 'u32'));
    const mask = dropout(mean, key, { rate: 0.5, site: 3 });
    const updated = { w: sub(w!, mul(mul(mask, square), rate)), m: mean, v: square };
    const aliases = [0, 1, 2].map((port) => ({ output: port, input: port }));
    const program = builder.finish(updated, aliases);
    const { kernels } = schedule(program, { tuning: { ...cpuTuning, ...limited } });
    expect(kernels).toHaveLength(7);
    for (const { bindings } of kernels) expect(bindings.length).toBeLessThanOrEqual(6);
    const inputs = program.inputs.map(({ value }, index) => uniform(program.types[value]!.shape, [0, 1], index));
    await expectLikeReference(device, program, inputs);
  });

  it('leave nothing behind', async () => {
    const before = device.memory();
    const large = device.upload(uniform([1000], [-1, 1], 1));
    expect(device.memory()).toMatchObject({ bufferCount: before.bufferCount + 1, liveBytes: before.liveBytes + 4000 });
    large[Symbol.dispose]();
    expect(device.memory()).toMatchObject({ bufferCount: before.bufferCount, liveBytes: before.liveBytes });
  });

  it('are refused by name where a kernel would need more bindings than there are', async () => {
    const program = programOf({ x: tensorType([1000]) }, (x) => add(x!, reverse(x!, [0])));
    await expect(device.compile(program)).rejects.toMatchObject({ code: 'E_UNSUPPORTED_PROGRAM', field: 'add' });
  });
});
