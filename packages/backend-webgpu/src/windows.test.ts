/** Tensors that are larger than a binding may be, by a limit of 256 bytes in place of 128 MiB. */
import { expectLikeReference } from '@attune/conformance';
import {
  add,
  cast,
  type Device,
  einsum,
  embedding,
  hostTensor,
  mul,
  type Program,
  ProgramBuilder,
  reduceSum,
  softmax,
  sub,
  type TensorType,
  tensorType,
  transpose,
  uniform,
  type Value,
} from '@attune/ir';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { webgpu } from './index.js';
import { schedule } from './schedule/schedule.js';
import { cpuTuning } from './schedule/tuning.js';

const limited = { maxBindings: 8, maxBindingBytes: 256 };

function programOf(types: Readonly<Record<string, TensorType>>, body: (...inputs: Value[]) => Value): Program {
  const builder = new ProgramBuilder('windows');
  return builder.finish({ y: body(...Object.entries(types).map(([name, type]) => builder.input(name, type))) });
}

/** Each with two tensors of several windows at least. */
const cases: Readonly<Record<string, Program>> = {
  'elementwise kernels': programOf({ x: tensorType([10, 16]), bias: tensorType([16]) }, (x, bias) =>
    mul(add(x!, bias!), 2),
  ),
  'packed results': programOf({ x: tensorType([10, 16]) }, (x) => cast(mul(x!, 2), 'f16')),
  'reductions by rows': programOf({ x: tensorType([9, 16]) }, (x) => softmax(x!)),
  'reductions by columns': programOf({ x: tensorType([12, 10]) }, (x) => reduceSum(x!, [0])),
  products: programOf({ x: tensorType([9, 16]), w: tensorType([12, 16]) }, (x, w) => einsum('nk,mk->nm', x!, w!)),
  'products of transposes': programOf({ x: tensorType([16, 9]), w: tensorType([16, 7]) }, (x, w) =>
    einsum('kn,km->nm', x!, w!),
  ),
  transposes: programOf({ x: tensorType([10, 14]) }, (x) => transpose(x!, [1, 0])),
};

describe('tensors larger than a binding', () => {
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

  it('are updated in place', async () => {
    const builder = new ProgramBuilder('update');
    const [w, gradient] = ['w', 'gradient'].map((name) => builder.input(name, tensorType([150])));
    const program = builder.finish({ w: sub(w!, mul(gradient!, 0.5)) }, [{ output: 0, input: 0 }]);
    await expectLikeReference(device, program, [uniform([150], [-1, 1], 1), uniform([150], [-1, 1], 2)]);
  });

  it('are refused by name where a kernel would need more bindings than there are', async () => {
    const program = programOf({ x: tensorType([1000]) }, (x) => mul(x!, 2));
    await expect(device.compile(program)).rejects.toMatchObject({ code: 'E_UNSUPPORTED_PROGRAM', field: 'mul' });
  });
});
