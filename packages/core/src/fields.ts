/** Fields that options of many kinds have. */
import * as z from 'zod/mini';

export const positive = z.number().check(z.positive());
export const nonnegative = z.number().check(z.nonnegative());
/** In [0, 1]. */
export const share = z.number().check(z.minimum(0), z.maximum(1));
/** In [0, 1), as the decay of an average. */
export const fraction = z.number().check(z.minimum(0), z.lt(1));
/** A whole number above 0. */
export const size = z.int().check(z.positive());
/** A whole number from 0. */
export const count = z.int().check(z.nonnegative());
/** Options of something that is chosen by its name, which checks them. Smaller in bundles than a record. */
export const namedOptions = z.custom<Readonly<Record<string, unknown>>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'Invalid input: expected record',
);
/** The decays of Adam's two averages. Smaller in bundles than a tuple. */
export const betas = z.custom<readonly [number, number]>(
  (value) => Array.isArray(value) && value.length === 2 && value.every((beta) => fraction.safeParse(beta).success),
  'Invalid input: expected two numbers from 0 to below 1',
);
