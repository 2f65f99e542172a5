/** WGSL of the elementwise primitives. */
import { type CastAttributes, type CompareAttributes, type DType, isFloat } from '@attune/ir';
import type { Rule } from './rule.js';
import type { Operator } from './scalar.js';

const infix =
  (symbol: string): Operator =>
  (a, b) =>
    `(${a} ${symbol} ${b})`;

const call =
  (name: string): Operator =>
  (...operands) =>
    `${name}(${operands.join(', ')})`;

/** The same WGSL for all dtypes. */
const plain = (operator: Operator, cost = 1): Rule<unknown> => ({
  kind: 'elementwise',
  operator: () => operator,
  cost,
});

/** A function of numbers that WGSL or the library has. */
export const calls = (name: string, cost = 1): Rule<unknown> => plain(call(name), cost);

/** Arithmetic on numbers; u8 wraps around like a byte, and bools are the numbers 0 and 1. */
export const arithmetic = (symbol: string, cost = 1): Rule<unknown> => ({
  kind: 'elementwise',
  operator: (dtype) => inRange(dtype, infix(symbol)),
  cost,
});

/** The smaller or larger number; of bools, `and` or `or`. */
export const extreme = (name: 'max' | 'min'): Rule<unknown> => ({
  kind: 'elementwise',
  operator: (dtype) => (dtype === 'bool' ? infix(name === 'max' ? '|' : '&') : call(name)),
  cost: 1,
});

/** Bitwise on words, logical on bools. */
export const bitwise = (symbol: '&' | '|' | '^'): Rule<unknown> => ({
  kind: 'elementwise',
  operator: (dtype) => infix(dtype === 'bool' && symbol === '^' ? '!=' : symbol),
  cost: 1,
});

export const negation: Rule<unknown> = {
  kind: 'elementwise',
  operator: (dtype) => (dtype === 'i32' || isFloat(dtype) ? (x) => `(-${x})` : inRange(dtype, (x) => `(0u - ${x})`)),
  cost: 1,
};

export const logicalNot: Rule<unknown> = plain((x) => `(!${x})`);

/** WGSL's select takes the condition last. */
export const selection: Rule<unknown> = plain(
  (predicate, onTrue, onFalse) => `select(${onFalse}, ${onTrue}, ${predicate})`,
);

export const power: Rule<unknown> = {
  kind: 'elementwise',
  operator: (dtype) => (isFloat(dtype) ? call('pow_f32') : converted(dtype, 'f32', call('pow_f32'))),
  cost: 8,
};

const symbols = { eq: '==', ne: '!=', lt: '<', le: '<=', gt: '>', ge: '>=' } as const;

export const comparison: Rule<CompareAttributes> = {
  kind: 'elementwise',
  operator(dtype, { direction }) {
    const compare = infix(symbols[direction]);
    const ordered = direction !== 'eq' && direction !== 'ne';
    return dtype === 'bool' && ordered ? (a, b) => compare(`u32(${a})`, `u32(${b})`) : compare;
  },
  cost: 1,
};

export const conversion: Rule<CastAttributes> = {
  kind: 'elementwise',
  operator: (from, { dtype }) => conversionOf(from, dtype),
  cost: 1,
};

/** Floats become integers by truncation, anything becomes true where it is not 0. */
function conversionOf(from: DType, to: DType): Operator {
  if (from === to || (isFloat(from) && isFloat(to))) return (x) => x;
  if (to === 'bool') return (x) => `(${x} != ${isFloat(from) ? '0.0f' : from === 'i32' ? '0i' : '0u'})`;
  if (isFloat(to)) return call('f32');
  if (to === 'u8') return (x) => (isFloat(from) ? `(u32(i32(${x})) & 0xffu)` : `(u32(${x}) & 0xffu)`);
  return from === 'u8' && to === 'u32' ? (x) => x : call(to);
}

function inRange(dtype: DType, operator: Operator): Operator {
  if (dtype === 'u8') return (...operands) => `(${operator(...operands)} & 0xffu)`;
  return dtype === 'bool' ? converted(dtype, 'u32', operator) : operator;
}

/** Computes in another type. */
function converted(dtype: DType, by: 'u32' | 'f32', operator: Operator): Operator {
  const back = conversionOf(by, dtype);
  return (...operands) => back(operator(...operands.map((operand) => `${by}(${operand})`)));
}
