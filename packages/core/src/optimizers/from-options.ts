import { z } from 'zod';
import { parseOptions } from '../parse-options.js';
import { adadelta } from './adadelta.js';
import { adafactor } from './adafactor.js';
import { adagrad } from './adagrad.js';
import { adam } from './adam.js';
import { betaSchema } from './adam-core.js';
import { adamax } from './adamax.js';
import { adamw } from './adamw.js';
import { lamb } from './lamb.js';
import { lion } from './lion.js';
import { muon } from './muon.js';
import { nadam } from './nadam.js';
import type { Optimizer } from './optimizer.js';
import { radam } from './radam.js';
import { rmsprop } from './rmsprop.js';
import { sgd } from './sgd.js';
import { torchAdafactor } from './torch-adafactor.js';

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

type Maker = (common: Common, more: Readonly<Record<string, unknown>>) => Optimizer;

/** By name. `more` is validated by the optimizer itself; Adam's betas and epsilon are the Trainer's own options. */
const makers: Readonly<Record<OptimizerName, Maker>> = {
  adamw: (common, more) => adamw({ ...common, ...more }),
  /** Hugging Face's name of the default. */
  adamw_torch: (common, more) => adamw({ ...common, ...more }),
  adam: (common, more) => adam({ ...common, ...more }),
  nadam: (common, more) => nadam({ ...common, ...more }),
  radam: (common, more) => radam({ ...common, ...more }),
  adamax: (common, more) => adamax({ ...common, ...more }),
  lamb: ({ betas }, more) => lamb({ betas, ...more }),
  sgd: (_, more) => sgd({ ...more }),
  adagrad: (_, more) => adagrad({ ...more }),
  adadelta: (_, more) => adadelta({ ...more }),
  rmsprop: (_, more) => rmsprop({ ...more }),
  /** As Hugging Face's Trainer makes it: with the rate of the schedule and no scaling by the parameter. */
  adafactor: (_, more) => adafactor({ scaleParameter: false, ...more }),
  adafactor_torch: (_, more) => torchAdafactor({ ...more }),
  lion: (_, more) => lion({ ...more }),
  muon: (common, more) => muon({ adamw: common, ...more }),
};

const schema = z.strictObject({
  optim: z.enum(optimizerNames).default('adamw'),
  adamBeta1: betaSchema.default(0.9),
  adamBeta2: betaSchema.default(0.999),
  adamEpsilon: z.number().positive().default(1e-8),
  /** Options of the optimizer's own, in camelCase (`{ momentum: 0.9 }`). */
  optimArgs: z.record(z.string(), z.unknown()).default({}),
});

export type OptimizerOptions = z.input<typeof schema>;

/** The optimizer that the Trainer's options name. @throws AttuneError `E_CONFIG` for wrong options */
export function optimizerFromOptions(options: OptimizerOptions = {}): Optimizer {
  const { optim, adamBeta1, adamBeta2, adamEpsilon, optimArgs } = parseOptions(schema, options, 'the optimizer');
  return makers[optim]({ betas: [adamBeta1, adamBeta2], epsilon: adamEpsilon }, optimArgs);
}
