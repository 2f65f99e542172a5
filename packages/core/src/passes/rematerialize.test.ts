import {
  add,
  dotGeneral,
  interpret,
  mul,
  type Program,
  ProgramBuilder,
  reduceSum,
  tanh,
  tensorType,
  type Value,
  verify,
} from '@attune/ir';
import { uniform } from '@attune/ir/internal';
import { expect, test } from 'vitest';
import { grad } from '../autodiff.js';
import { peakBytes } from './liveness.js';
import { rematerialize } from './rematerialize.js';

const LAYERS = 8;

/** Residual layers x + tanh(x W1) W2 with a wide middle, and the gradients by all weights. */
function deepNetwork(): Program {
  const builder = new ProgramBuilder('deep');
  const product = (x: Value, w: Value) =>
    dotGeneral(x, w, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] });
  let x = builder.input('x', tensorType([16, 4]));
  for (let layer = 0; layer < LAYERS; layer++) {
    const up = builder.input(`up${layer}`, tensorType([4, 32]));
    const down = builder.input(`down${layer}`, tensorType([32, 4]));
    x = add(x, product(tanh(tanh(product(x, up))), down));
  }
  const wrt = builder
    .finish({ loss: reduceSum(mul(x, x), [0, 1]) })
    .inputs.map(({ name }) => name)
    .slice(1);
  return grad(builder.finish({ loss: reduceSum(mul(x, x), [0, 1]) }), { wrt });
}

const inputsOf = (program: Program) =>
  program.inputs.map(({ value }, index) => uniform(program.types[value]!.shape, [-0.3, 0.3], index + 1));

const count = (program: Program, name: string) =>
  program.ops.filter(({ definition }) => definition.name === name).length;

function expectEqual(changed: Program, original: Program): void {
  const inputs = inputsOf(original);
  expect(interpret(verify(changed), inputs)).toEqual(interpret(original, inputs));
}

test('without pressure nothing changes', () => {
  const program = deepNetwork();
  expect(rematerialize(program, { budgetBytes: peakBytes(program) })).toBe(program);
});

test('a budget is kept by computing again', () => {
  const program = deepNetwork();
  const budgetBytes = peakBytes(program) * 0.6;
  const changed = rematerialize(program, { budgetBytes });
  expectEqual(changed, program);
  expect(peakBytes(changed)).toBeLessThanOrEqual(budgetBytes);
  expect(changed.ops.length).toBeGreaterThan(program.ops.length);
});

test('cheap values only: no product is computed twice', () => {
  const program = deepNetwork();
  const changed = rematerialize(program, { budgetBytes: 0, recompute: 'cheap' });
  expectEqual(changed, program);
  expect(count(changed, 'dot_general')).toBe(count(program, 'dot_general'));
  expect(count(changed, 'tanh')).toBeGreaterThan(count(program, 'tanh'));
  expect(peakBytes(changed)).toBeLessThan(peakBytes(program) * 0.8);
});

test('without a budget to keep, it goes as low as it can', () => {
  const program = deepNetwork();
  const changed = rematerialize(program, { budgetBytes: 0 });
  expectEqual(changed, program);
  expect(peakBytes(changed)).toBeLessThan(peakBytes(program) * 0.5);
});
