import { type Capabilities, type DType, interpret, type Program, verify } from '@attune/ir';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type PassName, type PassOptions, passNames, runPass, runPasses } from './passes.js';
import { randomGradients, randomInputs } from './random-program.js';
import { rematerialize } from './rematerialize.js';

const capabilities: Capabilities = {
  dtypes: new Set<DType>(['f32', 'i32', 'bool', 'u32']),
  composites: new Set(),
  maxBufferBytes: 1e6,
};
const options: PassOptions = {
  rematerialize,
  donate: ['a', 'b'],
};

/** A random program, drawn from a list of numbers that fast-check can shrink. */
const programs = fc
  .record({
    draws: fc.array(fc.nat(1000), { minLength: 64, maxLength: 64 }),
    operations: fc.integer({ min: 1, max: 14 }),
  })
  .map(({ draws, operations }) => {
    let next = 0;
    return randomGradients((bound) => draws[next++ % draws.length]! % bound, operations);
  });

function expectSameResults(changed: Program, original: Program, seed: number): void {
  const inputs = randomInputs(seed);
  const [got, want] = [interpret(verify(changed), inputs), interpret(original, inputs)];
  expect(changed.outputs.map(({ name }) => name)).toEqual(original.outputs.map(({ name }) => name));
  for (const [index, { data }] of want.entries()) {
    for (const [position, value] of data.entries()) {
      const found = got[index]!.data[position]!;
      expect(Math.abs(found - value), `${original.outputs[index]!.name}[${position}]`).toBeLessThanOrEqual(
        1e-5 + 1e-5 * Math.abs(value),
      );
    }
  }
}

describe('passes keep results', () => {
  const run = (program: Program, names: readonly PassName[]) =>
    names.reduce((current, name) => verify(runPass(name, current, capabilities, options)), program);

  test.each(passNames)('%s alone', (name) => {
    fc.assert(
      fc.property(programs, fc.nat(100), (program, seed) => expectSameResults(run(program, [name]), program, seed)),
      {
        numRuns: 40,
        seed: 1,
      },
    );
  });

  const pairs = passNames.flatMap((first) => passNames.map((second) => [first, second] as const));
  test.each(pairs)('%s then %s', (first, second) => {
    fc.assert(
      fc.property(programs, fc.nat(100), (program, seed) =>
        expectSameResults(run(program, [first, second]), program, seed),
      ),
      { numRuns: 6, seed: 2 },
    );
  });

  test.each(passNames)('all but %s', (name) => {
    fc.assert(
      fc.property(programs, fc.nat(100), (program, seed) =>
        expectSameResults(runPasses(program, capabilities, { ...options, disable: [name] }), program, seed),
      ),
      { numRuns: 15, seed: 3 },
    );
  });

  test('all of them leave fewer ops', () => {
    fc.assert(
      fc.property(programs, (program) => {
        const plain = runPass('legalize', program, capabilities);
        expect(runPasses(program, capabilities).ops.length).toBeLessThanOrEqual(plain.ops.length);
      }),
      { numRuns: 40, seed: 4 },
    );
  });

  test('running them twice changes nothing more', () => {
    fc.assert(
      fc.property(programs, (program) => {
        const once = runPasses(program, capabilities);
        expect(runPasses(once, capabilities).ops.length).toBe(once.ops.length);
      }),
      { numRuns: 40, seed: 5 },
    );
  });
});
