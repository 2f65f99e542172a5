/** The optimizers that only runs that name them load. */
import { adadelta } from './adadelta.js';
import { adafactor } from './adafactor.js';
import { adagrad } from './adagrad.js';
import { adam } from './adam.js';
import { adamax } from './adamax.js';
import type { OptimizerName } from './from-options.js';
import { lamb } from './lamb.js';
import { lion } from './lion.js';
import { muon } from './muon.js';
import { nadam } from './nadam.js';
import type { Optimizer } from './optimizer.js';
import { radam } from './radam.js';
import { rmsprop } from './rmsprop.js';
import { sgd } from './sgd.js';
import { torchAdafactor } from './torch-adafactor.js';

interface Common {
  readonly betas: [number, number];
  readonly epsilon: number;
}

/** `more` is validated by the optimizer itself; Adam's betas and epsilon are the Trainer's own options. */
type Maker = (common: Common, more: Readonly<Record<string, unknown>>) => Optimizer;

export const otherOptimizers: Readonly<Record<Exclude<OptimizerName, 'adamw' | 'adamw_torch'>, Maker>> = {
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
