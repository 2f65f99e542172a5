/** Gradient clipping as in torch.nn.utils: by the norm of all gradients together, or elementwise by value. */
import { abs, add, div, maximum, minimum, mul, pow, reduceMax, reduceSum, sqrt, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import { positive } from '../fields.js';
import { parseOptions } from '../parse-options.js';

const clipOptionsSchema = z.strictObject({
  /** The largest norm of all gradients together. */
  maxNorm: z.optional(positive),
  /** Which norm that is: the exponent, or `'inf'` for the largest magnitude. */
  normType: z._default(z.union([positive, z.literal('inf')]), 2),
  /** The largest magnitude of an element; applied after the norm where both are given. */
  value: z.optional(positive),
});

/** `maxNorm` is `maxGradNorm` of the Trainer. */
export type ClipOptions = z.input<typeof clipOptionsSchema>;

/** Exponent of a norm over tensors. */
export type NormType = number | 'inf';

const allAxes = (x: Value) => x.type.shape.map((_, axis) => axis);
const sumOfAll = (x: Value) => reduceSum(x, allAxes(x));

/** The norm of the tensors taken as one long vector, an f32 scalar. There must be at least one. */
export function globalNorm(tensors: readonly Value[], normType: NormType = 2): Value {
  if (normType === 'inf') return tensors.map((x) => reduceMax(abs(x), allAxes(x))).reduce((a, b) => maximum(a, b));
  if (normType === 2) return sqrt(tensors.map((x) => sumOfAll(mul(x, x))).reduce((a, b) => add(a, b)));
  if (normType === 1) return tensors.map((x) => sumOfAll(abs(x))).reduce((a, b) => add(a, b));
  return pow(
    tensors.map((x) => sumOfAll(pow(abs(x), normType))).reduce((a, b) => add(a, b)),
    1 / normType,
  );
}

/**
 * The factor that brings a norm down to `maxNorm`: min(1, maxNorm / (norm + 1e-6)), a scalar.
 * @param norm the 2-norm of the gradients, which the step has anyway; other norms are computed here
 */
function clipFactor(gradients: readonly Value[], options: ClipOptions, norm: Value): Value | undefined {
  const { maxNorm, normType } = parseOptions(clipOptionsSchema, options, 'gradient clipping');
  if (maxNorm === undefined) return undefined;
  const measured = normType === 2 ? norm : globalNorm(gradients, normType);
  return minimum(div(maxNorm, add(measured, 1e-6)), 1);
}

/**
 * The gradients after clipping, in their order.
 * @param norm their 2-norm, a scalar
 * @throws AttuneError `E_CONFIG` for options that are no positive numbers
 */
export function clipGradients(gradients: readonly Value[], options: ClipOptions, norm: Value): readonly Value[] {
  const { value } = parseOptions(clipOptionsSchema, options, 'gradient clipping');
  const factor = clipFactor(gradients, options, norm);
  return gradients.map((gradient) => {
    const scaled = factor ? mul(gradient, factor) : gradient;
    return value === undefined ? scaled : maximum(minimum(scaled, value), -value);
  });
}
