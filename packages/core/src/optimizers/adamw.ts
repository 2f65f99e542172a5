import { parseOptions } from '../parse-options.js';
import { type AdamOptions, adamOptionsSchema, adamSlots, adamStep } from './adam-core.js';
import type { Optimizer } from './optimizer.js';
import { decayFactor } from './weight-decay.js';

/**
 * AdamW (arXiv 1711.05101, as torch.optim.AdamW): Adam with decoupled weight decay, p *= 1 - learning rate * decay.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function adamw(options: AdamOptions = {}): Optimizer {
  const parsed = parseOptions(adamOptionsSchema, options, 'adamw');
  return {
    name: 'adamw',
    options: parsed,
    slots: (type) => adamSlots(type, parsed),
    update: (context) => adamStep({ ...context, decay: decayFactor(context) }, parsed),
  };
}
