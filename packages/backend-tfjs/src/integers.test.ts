/** Integer and bit semantics, which the samples of the primitives do not show: exact, on every flavour. */

import { runOnDevice } from '@attune/conformance';
import {
  add,
  and,
  argmax,
  cast,
  concat,
  cumsum,
  type Device,
  div,
  dotGeneral,
  equal,
  greater,
  type HostTensor,
  hostTensor,
  interpret,
  maximum,
  mul,
  or,
  ProgramBuilder,
  pad,
  pow,
  reduceMax,
  reduceSum,
  remainder,
  reshape,
  reverse,
  scatterAdd,
  select,
  shiftLeft,
  shiftRight,
  sort,
  sub,
  transpose,
  type Value,
  xor,
} from '@attune/ir';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tfjs } from './backend.js';
import { testedFlavours } from './testing/tested-flavours.js';

type Build = (a: Value, b: Value) => Value;

const signed = [
  hostTensor([2, 3], [7, -7, 0, 2 ** 24 + 1, -5, 12], 'i32'),
  hostTensor([2, 3], [2, 2, 3, 5, -3, 5], 'i32'),
];
const words = [
  hostTensor([2, 3], [0, 1, 0xdeadbeef, 0xffffffff, 70000, 12], 'u32'),
  hostTensor([2, 3], [1, 31, 3, 2, 5, 12], 'u32'),
];

const onBoth: Readonly<Record<string, Build>> = {
  add,
  sub,
  div,
  rem: remainder,
  max: maximum,
  equal,
  greater,
  select: (a, b) => select(greater(a, b), a, b),
  transpose: (a) => transpose(a, [1, 0]),
  concat: (a, b) => concat([a, b], 0),
  pad: (a) => pad(a, { low: [1, 0], high: [0, 1], interior: [0, 1], value: 3 }),
  reverse: (a) => reverse(a, [1]),
  'sum over rows': (a) => reduceSum(a, [0]),
  'largest of rows': (a) => reduceMax(a, [1]),
  argmax: (a) => argmax(a, 1),
  cumsum: (a) => cumsum(a, 1),
  sort: (a) => sort(reshape(a, [6])).values,
  'sort, indices': (a) => sort(a, { axis: 0, descending: true }).indices,
  scatter: (a, b) => scatterAdd(a, a.builder.constant(hostTensor([2], [1, 1], 'i32')), b),
  'to float': (a) => cast(a, 'f32'),
  'to bool': (a) => cast(a, 'bool'),
  'to u8': (a) => cast(and(cast(a, 'u32'), 127), 'u8'),
};
const onSigned: Readonly<Record<string, Build>> = {
  mul,
  pow: (a) => pow(a, 2),
  'product of matrices': (a, b) => dotGeneral(a, b, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [1] }),
  'to u32': (a) => cast(a, 'u32'),
};
const onWords: Readonly<Record<string, Build>> = {
  and,
  or,
  xor,
  'shift left': shiftLeft,
  'shift right': shiftRight,
  'to i32': (a) => cast(a, 'i32'),
};

const cases = (builds: Readonly<Record<string, Build>>, inputs: readonly HostTensor[]) =>
  Object.entries(builds).map(([name, build]) => ({ name: `${name} of ${inputs[0]!.type.dtype}`, build, inputs }));

describe.each(testedFlavours)('integers on %s', (flavour) => {
  let device: Device;
  beforeAll(async () => {
    device = await tfjs({ flavour }).open();
  });
  afterAll(() => device[Symbol.asyncDispose]());

  it.each([...cases(onBoth, signed), ...cases(onSigned, signed), ...cases(onBoth, words), ...cases(onWords, words)])(
    '$name',
    async ({ build, inputs }) => {
      const builder = new ProgramBuilder('integers');
      const [a, b] = [builder.input('a', inputs[0]!.type), builder.input('b', inputs[1]!.type)];
      const program = builder.finish({ y: build(a, b), unused: b });
      const [got] = await runOnDevice(device, program, inputs);
      const [want] = interpret(program, inputs);
      expect(got).toEqual(want);
    },
  );
});
