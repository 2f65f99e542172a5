import { parseOptions } from '../parse-options.js';
import { type AdamOptions, adamOptionsSchema, adamSlots, adamStep } from './adam-core.js';
import type { Optimizer } from './optimizer.js';
import { coupledDecay } from './weight-decay.js';

/**
 * Adam (arXiv 1412.6980, as torch.optim.Adam); weight decay is added to the gradient.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function adam(options: AdamOptions = {}): Optimizer {
  const parsed = parseOptions(adamOptionsSchema, options, 'adam');
  return {
    name: 'adam',
    options: parsed,
    slots: (type) => adamSlots(type, parsed),
    update: (context) => adamStep({ ...context, gradient: coupledDecay(context) }, parsed),
  };
}
