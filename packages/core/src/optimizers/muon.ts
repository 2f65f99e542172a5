import { mul, sub, type TensorType } from '@attune/ir';
import * as z from 'zod/mini';
import { fraction, positive } from '../fields.js';
import { parseOptions } from '../parse-options.js';
import { adamOptionsSchema } from './adam-core.js';
import { adamw } from './adamw.js';
import { exponentialAverage } from './exponential-average.js';
import { newtonSchulz } from './newton-schulz.js';
import type { Optimizer, StateSlot, UpdateResult } from './optimizer.js';
import { decoupledDecay } from './weight-decay.js';

const adjustments = {
  original: (rows: number, columns: number) => Math.sqrt(Math.max(1, rows / columns)),
  match_rms_adamw: (rows: number, columns: number) => 0.2 * Math.sqrt(Math.max(rows, columns)),
  spectral_unclamped: (rows: number, columns: number) => Math.sqrt(rows / columns),
} as const;

const schema = z.strictObject({
  momentum: z._default(fraction, 0.95),
  nesterov: z._default(z.boolean(), true),
  /** Coefficients of the Newton-Schulz polynomial. */
  nsCoefficients: z._default(z.tuple([z.number(), z.number(), z.number()]), [3.4445, -4.775, 2.0315]),
  nsSteps: z._default(z.int().check(z.minimum(1), z.maximum(99)), 5),
  /** The least norm that an update is divided by. */
  epsilon: z._default(positive, 1e-7),
  /** The factor on the rate by the matrix's shape; `match_rms_adamw` lets it share AdamW's rates. */
  adjustLrFn: z._default(z.enum(['original', 'match_rms_adamw', 'spectral_unclamped']), 'original'),
  /** For all parameters that are no matrices. */
  adamw: z.optional(adamOptionsSchema),
});

export type MuonOptions = z.input<typeof schema>;

/**
 * Muon as torch.optim.Muon, with Newton-Schulz in float32 instead of bfloat16: the momentum of a matrix is made
 * orthogonal before it is applied, p *= 1 - rate decay, p -= rate adjustment X. Parameters with other than two axes
 * are updated by AdamW with the same rate and decay. Slot `momentum_buffer`, or AdamW's.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function muon(options: MuonOptions = {}): Optimizer {
  const parsed = parseOptions(schema, options, 'muon');
  const { momentum, nesterov, nsCoefficients, nsSteps, epsilon, adjustLrFn } = parsed;
  const other = adamw(parsed.adamw);
  const isMatrix = ({ shape }: TensorType) => shape.length === 2;
  return {
    name: 'muon',
    options: parsed,
    slots: (type): Readonly<Record<string, StateSlot>> =>
      isMatrix(type) ? { momentum_buffer: { type, initial: 0 } } : other.slots(type),
    update(context): UpdateResult {
      const { parameter, gradient, state, learningRate } = context;
      if (!isMatrix(parameter.type)) return other.update(context);
      const buffer = exponentialAverage(state.momentum_buffer!, gradient, momentum);
      const direction = newtonSchulz(nesterov ? exponentialAverage(buffer, gradient, momentum) : buffer, {
        coefficients: nsCoefficients,
        steps: nsSteps,
        epsilon,
      });
      const [rows, columns] = parameter.type.shape;
      const rate = mul(learningRate, adjustments[adjustLrFn](rows!, columns!));
      return {
        parameter: sub(decoupledDecay(context), mul(direction, rate)),
        state: { momentum_buffer: buffer },
      };
    },
  };
}
