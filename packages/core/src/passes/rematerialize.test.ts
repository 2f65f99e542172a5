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

const LAYERS = 16;

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

test('keeps what crosses the cuts, and computes the rest again', () => {
  const program = deepNetwork();
  const changed = rematerialize(program, { composites: new Set() });
  expectEqual(changed, program);
  expect(peakBytes(changed)).toBeLessThan(peakBytes(program) * 0.5);
  // No more than one forward pass again, of which the last segment and the last products of layers are not needed.
  expect(count(changed, 'tanh')).toBeLessThanOrEqual(2 * count(program, 'tanh'));
  expect(count(changed, 'dot_general') - count(program, 'dot_general')).toBeLessThan(2 * LAYERS);
});

test('what is computed again waits for the backward part on devices that choose an order', () => {
  const program = deepNetwork();
  const changed = rematerialize(program, { composites: new Set(['after']) });
  expectEqual(changed, program);
  const made = new Map(changed.ops.flatMap(({ outputs }, position) => outputs.map((id) => [id, position] as const)));
  const waiting = changed.ops.filter(({ definition }) => definition.name === 'after');
  expect(waiting.length).toBeGreaterThan(2);
  const original = new Set(program.ops.flatMap(({ outputs }) => outputs));
  const turn = Math.max(...waiting.map(({ inputs: [kept] }) => made.get(kept!)!));
  for (const { inputs } of waiting) {
    const [kept, ...others] = inputs;
    expect(original.has(kept!)).toBe(true);
    for (const id of others) expect(made.get(id)).toBeGreaterThan(turn);
  }
});

test('leaves a program alone that does not turn back', () => {
  const builder = new ProgramBuilder('forward');
  let x = builder.input('x', tensorType([16, 4]));
  for (let layer = 0; layer < LAYERS; layer++) x = tanh(add(x, 1));
  const program = builder.finish({ y: x });
  expect(rematerialize(program, { composites: new Set() })).toBe(program);
});
