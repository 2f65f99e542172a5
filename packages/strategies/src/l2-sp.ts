/** L2-SP (Li et al. 2018, arXiv 1802.01483, equation 3): weight decay toward the starting point. */
import type { Strategy } from '@attune/core';
import { parseOptions } from '@attune/core/internal';
import * as z from 'zod/mini';
import { ownParameters } from './own-parameters.js';
import { towardStart, towardZero } from './weight-anchors.js';

const l2SpSchema = z.strictObject({
  /** Strength toward the starting point, of what came from files. */
  alpha: z._default(z.number().check(z.nonnegative()), 0.1),
  /** Strength toward 0, of what no file has, such as a new head. */
  beta: z._default(z.number().check(z.nonnegative()), 0.01),
});

export type L2SpOptions = z.input<typeof l2SpSchema>;

/**
 * Adds alpha / 2 |w - start|^2 of the model's pretrained parameters and beta / 2 |w|^2 of its new ones to the loss of each
 * step; events show the loss without them. It takes the place of `weightDecay`: set that to 0. Parameters that strategies
 * add, such as those of adapters, are left alone. It leaves to other strategies what trains; alone, everything does.
 * @throws AttuneError `E_CONFIG` for options that are wrong
 */
export function l2Sp(options: L2SpOptions = {}): Strategy {
  const name = 'l2-sp';
  const settings = parseOptions(l2SpSchema, options, name);
  const pretrained = towardStart(settings.alpha);
  const fresh = towardZero(settings.beta);
  return {
    name,
    options: settings,
    adapt(model, created = []) {
      const own = ownParameters(model);
      const isNew = new Set(created);
      return {
        penalty: (parameter) =>
          own.has(parameter.name) ? (isNew.has(parameter.name) ? fresh : pretrained) : undefined,
      };
    },
  };
}
