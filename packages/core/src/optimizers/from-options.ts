import * as z from 'zod/mini';
import { fraction, namedOptions, positive } from '../fields.js';
import { parseOptions } from '../parse-options.js';
import { adamw } from './adamw.js';
import type { Optimizer } from './optimizer.js';

/** Names for `optim`. */
export const optimizerNames = [
  'adamw',
  'adamw_torch',
  'adam',
  'nadam',
  'radam',
  'adamax',
  'lamb',
  'sgd',
  'adagrad',
  'adadelta',
  'rmsprop',
  'adafactor',
  'adafactor_torch',
  'lion',
  'muon',
] as const;

export type OptimizerName = (typeof optimizerNames)[number];

const schema = z.strictObject({
  optim: z._default(z.enum(optimizerNames), 'adamw'),
  adamBeta1: z._default(fraction, 0.9),
  adamBeta2: z._default(fraction, 0.999),
  adamEpsilon: z._default(positive, 1e-8),
  /** Options of the optimizer's own, in camelCase (`{ momentum: 0.9 }`). */
  optimArgs: z._default(namedOptions, {}),
});

export type OptimizerOptions = z.input<typeof schema>;

/** The optimizer that the Trainer's options name; all but the default are loaded now. @throws AttuneError `E_CONFIG` for wrong options */
export async function optimizerFromOptions(options: OptimizerOptions = {}): Promise<Optimizer> {
  const { optim, adamBeta1, adamBeta2, adamEpsilon, optimArgs } = parseOptions(schema, options, 'the optimizer');
  const betas: [number, number] = [adamBeta1, adamBeta2];
  const common = { betas, epsilon: adamEpsilon };
  // `adamw_torch` is Hugging Face's name of the default.
  if (optim === 'adamw' || optim === 'adamw_torch') return adamw({ ...common, ...optimArgs });
  const { otherOptimizers } = await import('./others.js');
  return otherOptimizers[optim](common, optimArgs);
}
