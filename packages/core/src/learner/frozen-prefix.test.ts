import {
  add,
  broadcast,
  div,
  dotGeneral,
  type HostTensor,
  hostTensor,
  interpret,
  iota,
  layerNorm,
  mul,
  ProgramBuilder,
  project,
  reduceSum,
  reshape,
  softmax,
  sub,
  tanh,
  tensorType,
  transpose,
  type Value,
  verify,
} from '@attune/ir';
import { describe, expect, test } from 'vitest';
import { featureName } from '../port-names.js';
import { gaussian } from '../random.js';
import { tinyHead, tinyModel } from '../trainer/testing/tiny.js';
import { collect, lossesOf, numbersOf, tinyTrainer } from '../trainer/testing/tiny-trainer.js';
import { splitFrozenPrefix } from './frozen-prefix.js';

const ROWS = 3;

/** loss = sum((frozen(x) head)^2), with x [3, 2, 4] from the batch. */
function programOf(frozen: (x: Value, weight: Value) => Value) {
  const builder = new ProgramBuilder('loss');
  const x = builder.input('batch/x', tensorType([ROWS, 2, 4]));
  const weight = builder.input('weight', tensorType([4, 4]));
  const features = frozen(x, weight);
  const head = builder.input('head', tensorType([1, features.type.shape.at(-1)!]));
  const product = project(features, head);
  const loss = reduceSum(
    mul(product, product),
    product.type.shape.map((_, axis) => axis),
  );
  return builder.finish({ loss });
}

const options = {
  batchSize: ROWS,
  isBatch: (name: string) => name.startsWith('batch/'),
  changes: (name: string) => name === 'head',
};

const attention = (x: Value, weight: Value): Value => {
  const heads = transpose(reshape(project(x, weight), [ROWS, 2, 2, 2]), [0, 2, 1, 3]);
  const paired = { lhsBatch: [0, 1], rhsBatch: [0, 1] };
  const scores = softmax(dotGeneral(heads, heads, { ...paired, lhsContract: [3], rhsContract: [3] }));
  const mixed = dotGeneral(scores, heads, { ...paired, lhsContract: [3], rhsContract: [2] });
  return reshape(transpose(mixed, [0, 2, 1, 3]), [ROWS, 2, 4]);
};

const byRow: Readonly<Record<string, (x: Value, weight: Value) => Value>> = {
  'a layer': (x, weight) => tanh(project(x, weight)),
  'attention over the tokens of a row': attention,
  'rows and tokens as one axis': (x, weight) => reshape(project(reshape(x, [ROWS * 2, 4]), weight), [ROWS, 2, 4]),
  'a sum over tokens': (x, weight) => reduceSum(project(x, weight), [1]),
  'a norm': (x, weight) => {
    const ones = x.builder.constant(hostTensor([4], [1, 1, 1, 1]));
    return layerNorm(project(x, weight), { weight: ones, bias: ones, epsilon: 1e-5 });
  },
};

const acrossRows: Readonly<Record<string, (x: Value, weight: Value) => Value>> = {
  'the mean of the batch': (x, weight) => {
    const made = project(x, weight);
    return sub(made, broadcast(div(reduceSum(made, [0]), ROWS), [ROWS, 2, 4], [1, 2]));
  },
  'rows that attend to each other': (x, weight) => {
    const rows = reshape(project(x, weight), [ROWS, 8]);
    const scores = dotGeneral(rows, rows, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [1] });
    return dotGeneral(scores, rows, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] });
  },
  'the position in the batch': (x, weight) =>
    add(project(x, weight), broadcast(iota(x.builder, [ROWS], 0, 'f32'), [ROWS, 2, 4], [0])),
  'axes that change places': (x, weight) => transpose(project(x, weight), [1, 0, 2]),
};

const numbers = (shape: readonly number[], name: string): HostTensor =>
  hostTensor(
    shape,
    gaussian(
      shape.reduce((a, b) => a * b, 1),
      0,
      name,
    ),
  );

describe('a prefix made row by row is split off', () => {
  test.each(Object.entries(byRow))('%s', (_, frozen) => {
    const program = programOf(frozen);
    const split = splitFrozenPrefix(program, options)!;
    expect(split.features.map(({ name }) => name)).toEqual([featureName(0)]);
    const values = new Map(program.inputs.map(({ name, value }) => [name, numbers(program.types[value]!.shape, name)]));
    const run = (part: typeof program) => {
      const outputs = interpret(
        verify(part),
        part.inputs.map(({ name }) => values.get(name)!),
      );
      for (const [index, { name }] of part.outputs.entries()) values.set(name, outputs[index]!);
      return outputs;
    };
    const [expected] = run(program);
    run(split.prefix);
    expect(split.suffix.inputs.map(({ name }) => name)).not.toContain('weight');
    expect(run(split.suffix)[0]?.data[0]).toBeCloseTo(expected!.data[0]!, 4);
  });
});

describe('what mixes rows stays', () => {
  test.each(Object.entries(acrossRows))('%s', (_, frozen) => {
    expect(splitFrozenPrefix(programOf(frozen), options)).toBeUndefined();
  });

  test('a program in which everything trains', () => {
    expect(splitFrozenPrefix(programOf(byRow['a layer']!), { ...options, changes: () => true })).toBeUndefined();
  });
});

test('training on cached activations gives the numbers of training without', async () => {
  const common = { strategy: tinyHead, model: tinyModel(), numTrainEpochs: 5 };
  await using cached = tinyTrainer(undefined, common);
  await using plain = tinyTrainer(undefined, { ...common, frozenActivationBytes: 0 });
  const [found, expected] = [await collect(cached), await collect(plain)];
  const compiled = (events: typeof found) =>
    events.flatMap((event) => (event.type === 'compile' ? [event.program] : []));
  expect(compiled(found).filter((name) => name.startsWith('features of')).length).toBeGreaterThan(0);
  expect(compiled(expected).filter((name) => name.startsWith('features of'))).toEqual([]);
  for (const [step, loss] of lossesOf(expected)) expect(lossesOf(found).get(step)).toBeCloseTo(loss, 5);
  const weights = numbersOf(await cached.weights());
  for (const [name, values] of Object.entries(numbersOf(await plain.weights()))) {
    for (const [index, value] of values.entries()) expect(weights[name]![index]).toBeCloseTo(value, 4);
  }
});

test('data that change from epoch to epoch, and memory that does not suffice, keep the whole program', async () => {
  for (const change of [{ frozenActivationBytes: 8 }, { numTrainEpochs: 1 }]) {
    await using trainer = tinyTrainer(undefined, { strategy: tinyHead, ...change });
    const events = await collect(trainer);
    expect(events.some((event) => event.type === 'compile' && event.program.startsWith('features of'))).toBe(false);
  }
});
