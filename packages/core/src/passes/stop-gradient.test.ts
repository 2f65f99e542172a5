/** No pass that runs before differentiation lets a gradient through, and nothing is left of the stop on a device. */
import {
  add,
  type Capabilities,
  type DType,
  interpret,
  mul,
  ProgramBuilder,
  print,
  reduceSum,
  slice,
  stopGradient,
  sub,
  tensorType,
} from '@attune/ir';
import { uniform } from '@attune/ir/internal';
import { describe, expect, test } from 'vitest';
import { grad } from '../autodiff.js';
import { legalize } from './legalize.js';
import { type PassName, runPass } from './passes.js';

const capabilities: Capabilities = { dtypes: new Set<DType>(['f32']), composites: new Set(), maxBufferBytes: 1e6 };

/** (x sg(x))[0] + sg(x + 0) - x, twice over, of which the gradient is sg(x) in the first row, and -1. */
function stopped() {
  const builder = new ProgramBuilder('stopped');
  const x = builder.input('x', tensorType([2, 3]));
  const product = () => reduceSum(slice(mul(x, stopGradient(x)), [0, 0], [1, 3]), [0, 1]);
  const rest = reduceSum(sub(stopGradient(add(x, 0)), x), [0, 1]);
  return builder.finish({ loss: mul(add(add(product(), product()), rest), 0.5) });
}

const x = uniform([2, 3], [-1, 1], 3);
const gradient = Array.from(x.data, (value, index) => (index < 3 ? value : 0) - 0.5);

describe('stop_gradient', () => {
  test.each<readonly PassName[]>([
    [],
    ['cse'],
    ['canonicalize'],
    ['fold'],
    ['dce'],
    ['unfuse', 'narrow', 'fuse'],
    ['cse', 'canonicalize', 'fold', 'cse', 'dce', 'narrow'],
  ])('stops it behind %s, %s, %s, %s, %s, %s', (...passes) => {
    const passed = passes.reduce((program, name) => runPass(name, program, capabilities), stopped());
    const [, found] = interpret(grad(passed, { wrt: ['x'] }), [x]);
    for (const [index, value] of gradient.entries()) expect(found!.data[index]).toBeCloseTo(value, 6);
  });

  test('leaves a parameter that is only reached through it without a gradient', () => {
    const builder = new ProgramBuilder('stopped');
    const loss = reduceSum(stopGradient(builder.input('x', tensorType([2]))), [0]);
    expect(() => grad(builder.finish({ loss }), { wrt: ['x'] })).toThrow(
      expect.objectContaining({ code: 'E_NO_GRADIENT', field: 'x' }),
    );
  });

  test('vanishes where a program becomes legal for a device, unless it is an output', () => {
    const builder = new ProgramBuilder('p');
    const input = builder.input('x', tensorType([2]));
    const program = builder.finish({ y: add(stopGradient(input), 1), same: stopGradient(input) });
    expect(print(program)).toMatchInlineSnapshot(`
      "program "p" (x: f32[2]) {
        %2: f32[] = constant [1]
        %1: f32[2] = stop_gradient(%x)
        %3: f32[2] = broadcast(%2) {shape: [2], dimensions: []}
        %4: f32[2] = add(%1, %3)
        %5: f32[2] = stop_gradient(%x)
        return y = %4, same = %5
      }"
    `);
    expect(print(legalize(program, capabilities))).toMatchInlineSnapshot(`
      "program "p" (x: f32[2]) {
        %1: f32[] = constant [1]
        %2: f32[2] = broadcast(%1) {shape: [2], dimensions: []}
        %3: f32[2] = add(%x, %2)
        %4: f32[2] = stop_gradient(%x)
        return y = %3, same = %4
      }"
    `);
  });
});
