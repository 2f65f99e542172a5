import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addConstant,
  type Digit,
  divide,
  flatten,
  type Index,
  keyOf,
  rangeOf,
  sameIndex,
  scale,
  unflatten,
  variable,
} from './index-expression.js';

/** The number that an index is for a value of its only variable. */
function evaluate({ constant, terms }: Index, value: number): number {
  return terms.reduce((sum, { digit, factor }) => sum + factor * evaluateDigit(digit, value), constant);
}

function evaluateDigit({ source, divisor, size }: Digit, value: number): number {
  const whole = source.kind === 'sum' ? evaluate(source.index, value) : value;
  return Math.floor(whole / divisor) % size;
}

const size = fc.integer({ min: 1, max: 6 });

/** Shapes of as many elements: the factors of one shape, put together in another order. */
const reshapes = fc
  .array(size, { minLength: 1, maxLength: 5 })
  .chain((factors) =>
    fc.tuple(
      fc.constant(factors),
      fc.array(fc.shuffledSubarray(factors, { minLength: factors.length }), { minLength: 1, maxLength: 4 }),
    ),
  );

describe('indices', () => {
  it('are what the arithmetic of reshapes and transposes says', () => {
    fc.assert(
      fc.property(reshapes, ([factors, shapes]) => {
        const count = factors.reduce((a, b) => a * b, 1);
        const element = variable('element', count);
        for (let value = 0; value < count; value++) {
          let [index, expected] = [element, value];
          for (const shape of shapes) {
            const coordinates = unflatten(index, shape).toReversed();
            const reversed = shape.toReversed();
            let rest = expected;
            const digits = shape.toReversed().map((axis) => {
              const digit = rest % axis;
              rest = Math.floor(rest / axis);
              return digit;
            });
            index = flatten(coordinates, reversed);
            expected = digits.reduce((flat, digit, axis) => flat * reversed[axis]! + digit, 0);
          }
          expect(evaluate(index, value)).toBe(expected);
          const [smallest, largest] = rangeOf(index);
          expect(expected).toBeGreaterThanOrEqual(smallest);
          expect(expected).toBeLessThanOrEqual(largest);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('divide sums of any factors', () => {
    const factor = fc.integer({ min: -4, max: 12 });
    fc.assert(
      fc.property(size, size, factor, factor, fc.integer({ min: 1, max: 9 }), (a, b, x, y, divisor) => {
        const [high, low] = unflatten(variable('element', a * b), [a, b]);
        const sum = flatten([scale(high!, x), scale(low!, y)], [a, 1]);
        const index = addConstant(sum, -rangeOf(sum)[0]);
        const [quotient, remainder] = divide(index, divisor);
        for (let value = 0; value < a * b; value++) {
          const number = evaluate(index, value);
          expect(evaluate(quotient, value)).toBe(Math.floor(number / divisor));
          expect(evaluate(remainder, value)).toBe(number % divisor);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('become the loop variable again where reshapes undo each other', () => {
    const element = variable('element', 2 * 3 * 4);
    const split = unflatten(flatten(unflatten(element, [6, 4]), [6, 4]), [2, 3, 4]);
    expect(sameIndex(flatten(split, [2, 3, 4]), element)).toBe(true);
    const [rows, columns] = unflatten(element, [4, 6]);
    const transposed = flatten([columns!, rows!], [6, 4]);
    expect(sameIndex(transposed, element)).toBe(false);
    const [back, forth] = unflatten(transposed, [6, 4]);
    expect(keyOf(flatten([forth!, back!], [4, 6]))).toBe(keyOf(element));
  });
});
