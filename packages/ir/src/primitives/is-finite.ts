import { type UnaryFunction, unary, unaryFunction } from './elementwise.js';

export const isFiniteDefinition = unary('is_finite', {
  apply: (x) => (Number.isFinite(x) ? 1 : 0),
  vjp: () => undefined,
  result: ({ shape }) => ({ shape, dtype: 'bool' }),
});

/** True where x is neither NaN nor infinite. */
export const isFiniteNumber: UnaryFunction = unaryFunction(isFiniteDefinition);
