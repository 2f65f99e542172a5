import { type AttuneError, hostTensor, interpret, isAttuneError, ProgramBuilder, tensorType, verify } from '@attune/ir';
import { describe, expect, test } from 'vitest';
import { accumulatorName } from '../port-names.js';
import { constantSchedule } from '../schedules/constant.js';
import { applyStep, optimizerState } from '../train-step.js';
import { adamw } from './adamw.js';
import { biasCorrection } from './bias-correction.js';
import { globalNorm } from './clip.js';
import { optimizerFromOptions, optimizerNames } from './from-options.js';
import type { Optimizer } from './optimizer.js';
import { radam } from './radam.js';
import { sgd } from './sgd.js';

const matrix = { name: 'w', type: tensorType([2, 3]) };
const vector = { name: 'b', type: tensorType([3]) };

/** Runs steps on a matrix and a vector; returns all parameters and state after each. */
function run(optimizer: Optimizer, gradient: (step: number) => number, steps: number, weightDecay = 0) {
  const options = {
    updates: [matrix, vector].map((parameter) => ({ parameter, learningRateScale: 1, weightDecay })),
    optimizer,
    schedule: constantSchedule({ learningRate: 0.1 }),
  };
  const program = verify(applyStep(options));
  const carried = new Map(
    [
      { name: 'w', type: matrix.type, initial: 1 },
      { name: 'b', type: vector.type, initial: 1 },
      ...optimizerState(options),
    ].map(({ name, type, initial }) => [
      name,
      hostTensor(type.shape, new Array(type.shape.reduce((a, b) => a * b, 1)).fill(initial)),
    ]),
  );
  const history: Record<string, number[]>[] = [];
  for (let step = 0; step < steps; step++) {
    const inputs = program.inputs.map(({ name, value }) => {
      const { shape } = program.types[value]!;
      if (name === 'step') return hostTensor([], [step], 'i32');
      const filled = new Array(shape.reduce((a, b) => a * b, 1)).fill(gradient(step));
      return carried.get(name) ?? hostTensor(shape, filled);
    });
    const outputs = interpret(program, inputs);
    for (const [index, { name }] of program.outputs.entries())
      if (carried.has(name)) carried.set(name, outputs[index]!);
    history.push(Object.fromEntries([...carried].map(([name, { data }]) => [name, [...data]])));
  }
  return { history, program };
}

describe('every optimizer', () => {
  test.each(optimizerNames)('%s: gradients of exactly zero move nothing and give no NaN', async (optim) => {
    const { history } = run(await optimizerFromOptions({ optim }), () => 0, 3);
    for (const values of history) {
      expect(values.w).toEqual([1, 1, 1, 1, 1, 1]);
      expect(Object.values(values).flat().every(Number.isFinite)).toBe(true);
    }
  });

  test.each(optimizerNames)('%s: goes against the gradient, and its state is donated', async (optim) => {
    const { history, program } = run(await optimizerFromOptions({ optim }), () => 0.5, 4, 0.01);
    expect(history.at(-1)!.w![0]!).toBeLessThan(1);
    expect(history.at(-1)!.b![0]!).toBeLessThan(1);
    const donated = program.aliases.map(({ input }) => program.inputs[input]!.name);
    const state = program.inputs.map(({ name }) => name).filter((name) => name.startsWith('state/'));
    expect(donated).toEqual(expect.arrayContaining(['w', 'b', accumulatorName('w'), ...state]));
  });

  test.each(optimizerNames)('%s: options are plain JSON', async (optim) => {
    const { options } = await optimizerFromOptions({ optim });
    expect(JSON.parse(JSON.stringify(options))).toEqual(options);
  });
});

test("adamw's slots are PyTorch's divided by 1 - beta", () => {
  const { history } = run(adamw({ betas: [0.9, 0.99] }), (step) => step + 1, 2);
  expect(history[1]!['state/b/exp_avg']![0]! * 0.1).toBeCloseTo(0.9 * 0.1 * 1 + 0.1 * 2, 6);
  expect(history[1]!['state/b/exp_avg_sq']![0]! * 0.01).toBeCloseTo(0.99 * 0.01 * 1 + 0.01 * 4, 6);
});

test('the bias correction keeps its digits in float32', () => {
  const betas = [0.9, 0.999, 0.9999, 0.999999];
  const { fround } = Math;
  for (const beta of betas) {
    for (const step of [1, 2, 10, 1000, 1e6]) {
      // The function's own ops, each rounded to float32.
      const half = fround(Math.tanh(fround(step * fround(Math.log(beta) / 2))));
      const inFloat32 = fround(fround(half * -2) / fround(1 - half));
      const exact = -Math.expm1(step * Math.log(beta));
      expect(Math.abs(inFloat32 - exact) / exact, `${beta}^${step}`).toBeLessThan(5e-7);
      const builder = new ProgramBuilder('p');
      const program = builder.finish({ y: biasCorrection(builder.input('step', tensorType([])), beta) });
      expect(interpret(program, [hostTensor([], [step])])[0]!.data[0]! / exact).toBeCloseTo(1, 5);
    }
  }
});

test('radam rectifies from the right step on, for any beta2', () => {
  for (const beta2 of [0.8, 0.9, 0.99, 0.999, 0.99999]) {
    const limit = 2 / (1 - beta2) - 1;
    const rho = (step: number) => limit - (2 * step * beta2 ** step) / (1 - beta2 ** step);
    const { history } = run(radam({ betas: [0, beta2] }), () => 0.5, 9);
    for (const [index, { b }] of history.entries()) {
      const step = index + 1;
      const before = index === 0 ? 1 : history[index - 1]!.b![0]!;
      const length = rho(step);
      // With a constant gradient g the corrected moments are g and g^2.
      const rectified = Math.sqrt(((length - 4) * (length - 2) * limit) / ((limit - 4) * (limit - 2) * length));
      const expected = length > 5 ? 0.1 * rectified : 0.1 * 0.5;
      expect(before - b![0]!, `beta2 ${beta2}, step ${step}`).toBeCloseTo(expected, 5);
    }
  }
});

test('norms', () => {
  const builder = new ProgramBuilder('p');
  const [a, b] = [builder.input('a', tensorType([2])), builder.input('b', tensorType([]))];
  const types = [2, 1, 3, 'inf'] as const;
  const program = builder.finish(Object.fromEntries(types.map((type) => [`n${type}`, globalNorm([a, b], type)])));
  const norms = interpret(program, [hostTensor([2], [3, -4]), hostTensor([], [12])]).map(({ data }) => data[0]);
  expect([norms[0], norms[1], norms[3]]).toEqual([13, 19, 12]);
  expect(norms[2]).toBeCloseTo(Math.cbrt(27 + 64 + 1728), 5);
});

describe('wrong options', () => {
  const errorOf = (make: () => unknown): AttuneError => {
    try {
      make();
    } catch (error) {
      if (isAttuneError(error)) return error;
    }
    throw new Error('no AttuneError');
  };

  test('an unknown name comes with the nearest one, and all problems at once', () => {
    const options: object = { epsilonn: 1e-8, betas: [0.9, 1.5] };
    const error = errorOf(() => adamw(options));
    expect(error).toMatchObject({ code: 'E_CONFIG' });
    expect(error.message).toContain('epsilonn: is no option, did you mean epsilon?');
    expect(error.message).toContain('betas: Invalid input: expected two numbers from 0 to below 1');
    expect(error.hint).toBe('The options of adamw are betas, epsilon, amsgrad.');
  });

  test('rules over several options', async () => {
    expect(errorOf(() => sgd({ nesterov: true }))).toMatchObject({ code: 'E_CONFIG', field: 'nesterov' });
    await expect(optimizerFromOptions({ optim: 'adafactor', optimArgs: { warmupInit: true } })).rejects.toMatchObject({
      field: 'warmupInit',
    });
  });

  test('an optimizer that is not known', async () => {
    const options: object = { optim: 'adamv' };
    await expect(optimizerFromOptions(options)).rejects.toMatchObject({ code: 'E_CONFIG', field: 'optim' });
  });
});
