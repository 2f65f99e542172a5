import * as z from 'zod/mini';
import { fraction, positive } from '../fields.js';
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

interface Common {
  readonly betas: [number, number];
  readonly epsilon: number;
}

type Maker = (common: Common, more: Readonly<Record<string, unknown>>) => Optimizer | Promise<Optimizer>;

/**
 * By name. All but the default are loaded by the run that names them. `more` is validated by the optimizer itself; Adam's
 * betas and epsilon are the Trainer's own options.
 */
const makers: Readonly<Record<OptimizerName, Maker>> = {
  adamw: (common, more) => adamw({ ...common, ...more }),
  /** Hugging Face's name of the default. */
  adamw_torch: (common, more) => adamw({ ...common, ...more }),
  adam: async (common, more) => (await import('./adam.js')).adam({ ...common, ...more }),
  nadam: async (common, more) => (await import('./nadam.js')).nadam({ ...common, ...more }),
  radam: async (common, more) => (await import('./radam.js')).radam({ ...common, ...more }),
  adamax: async (common, more) => (await import('./adamax.js')).adamax({ ...common, ...more }),
  lamb: async ({ betas }, more) => (await import('./lamb.js')).lamb({ betas, ...more }),
  sgd: async (_, more) => (await import('./sgd.js')).sgd({ ...more }),
  adagrad: async (_, more) => (await import('./adagrad.js')).adagrad({ ...more }),
  adadelta: async (_, more) => (await import('./adadelta.js')).adadelta({ ...more }),
  rmsprop: async (_, more) => (await import('./rmsprop.js')).rmsprop({ ...more }),
  /** As Hugging Face's Trainer makes it: with the rate of the schedule and no scaling by the parameter. */
  adafactor: async (_, more) => (await import('./adafactor.js')).adafactor({ scaleParameter: false, ...more }),
  adafactor_torch: async (_, more) => (await import('./torch-adafactor.js')).torchAdafactor({ ...more }),
  lion: async (_, more) => (await import('./lion.js')).lion({ ...more }),
  muon: async (common, more) => (await import('./muon.js')).muon({ adamw: common, ...more }),
};

const schema = z.strictObject({
  optim: z._default(z.enum(optimizerNames), 'adamw'),
  adamBeta1: z._default(fraction, 0.9),
  adamBeta2: z._default(fraction, 0.999),
  adamEpsilon: z._default(positive, 1e-8),
  /** Options of the optimizer's own, in camelCase (`{ momentum: 0.9 }`). */
  optimArgs: z._default(z.record(z.string(), z.unknown()), {}),
});

export type OptimizerOptions = z.input<typeof schema>;

/** The optimizer that the Trainer's options name. @throws AttuneError `E_CONFIG` for wrong options */
export async function optimizerFromOptions(options: OptimizerOptions = {}): Promise<Optimizer> {
  const { optim, adamBeta1, adamBeta2, adamEpsilon, optimArgs } = parseOptions(schema, options, 'the optimizer');
  return makers[optim]({ betas: [adamBeta1, adamBeta2], epsilon: adamEpsilon }, optimArgs);
}
