/** NaN, infinities and signed zeros, as IEEE 754 and the reference have them. */

import { runOnDevice } from '@attune/conformance';
import {
  abs,
  add,
  cast,
  type Device,
  div,
  equal,
  exp,
  greater,
  hostTensor,
  interpret,
  isFiniteNumber,
  log,
  maximum,
  minimum,
  mul,
  notEqual,
  ProgramBuilder,
  reduceMax,
  reduceMin,
  reduceSum,
  remainder,
  select,
  sign,
  sqrt,
  type Value,
} from '@attune/ir';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tfjs } from './backend.js';
import { testedFlavours } from './testing/tested-flavours.js';

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
const left = hostTensor([8], [nan, 1, infinity, -infinity, 0, -0, 3, -7.5]);
const right = hostTensor([8], [1, nan, 2, infinity, -0, 0, infinity, 2]);

const cases: Readonly<Record<string, (a: Value, b: Value) => Value>> = {
  add,
  mul,
  div,
  max: maximum,
  min: minimum,
  rem: remainder,
  equal: (a, b) => cast(equal(a, b), 'f32'),
  'not equal': (a, b) => cast(notEqual(a, b), 'f32'),
  greater: (a, b) => cast(greater(a, b), 'f32'),
  select: (a, b) => select(greater(b, 0), a, 0),
  finite: isFiniteNumber,
  exp,
  log: (a) => log(abs(a)),
  'square root': sqrt,
  sign,
  'to bool': (a) => cast(a, 'bool'),
  'largest with NaN': (a) => reduceMax(a, [0]),
  'smallest with NaN': (a) => reduceMin(a, [0]),
  'sum with NaN': (a) => reduceSum(a, [0]),
};

describe.each(testedFlavours)('special values on %s', (flavour) => {
  let device: Device;
  beforeAll(async () => {
    device = await tfjs({ flavour }).open();
  });
  afterAll(() => device[Symbol.asyncDispose]());

  it.each(Object.entries(cases))('%s', async (_, build) => {
    const builder = new ProgramBuilder('special');
    const program = builder.finish({ y: build(builder.input('a', left.type), builder.input('b', right.type)) });
    const [got] = await runOnDevice(device, program, [left, right]);
    const [want] = interpret(program, [left, right]);
    for (const [index, value] of want!.data.entries()) {
      const found = got!.data[index]!;
      if (Number.isFinite(value)) expect(found, `element ${index}`).toBeCloseTo(value, 5);
      else expect(found, `element ${index}`).toBe(value);
    }
  });
});
