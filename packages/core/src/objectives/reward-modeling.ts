/** A score for answers, from pairs of which one was preferred. */
import { add, div, mul, neg, reshape, sub, sum } from '@attune/ir';
import * as z from 'zod/mini';
import { nonnegative } from '../fields.js';
import type { Objective } from '../objective.js';
import { parseOptions } from '../parse-options.js';
import { halves, logSigmoid } from './answer-pairs.js';
import { countRows } from './embedding-columns.js';
import { namedValue } from './labels.js';

const schema = z.strictObject({
  /** Whether batches have `margin` f32 [pairs], which the chosen answer has to win by; false by default. */
  margin: z._default(z.boolean(), false),
  /** The weight of the squared sum of a pair's scores, which keeps them around 0; 0 by default. */
  centerRewardsCoefficient: z._default(nonnegative, 0),
});

export type RewardModelingOptions = z.input<typeof schema>;

/**
 * The loss of Bradley and Terry over pairs, as TRL's RewardTrainer (arXiv 2204.05862; margins 2307.09288; centering
 * 2312.09244). `logits` [2 pairs, 1] of a regression with one number: first the chosen answers, then the rejected.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function rewardModeling(options: RewardModelingOptions = {}): Objective {
  const parsed = parseOptions(schema, options, 'reward modelling');
  const { margin, centerRewardsCoefficient: center } = parsed;
  return {
    name: 'reward modelling',
    options: parsed,
    countNames: ['pairs'],
    labelNames: margin ? ['margin'] : [],
    counts: (batch) => ({ pairs: countRows(batch, 2) }),
    loss({ forward, batch, totals }) {
      const [chosen, rejected] = halves(reshape(namedValue(forward(), 'logits'), [-1]));
      const lead = sub(chosen, rejected);
      const losses = neg(logSigmoid(margin ? sub(lead, namedValue(batch, 'margin')) : lead));
      const both = add(chosen, rejected);
      const total = center === 0 ? losses : add(losses, mul(mul(both, both), center));
      return div(sum(total), namedValue(totals, 'pairs'));
    },
  };
}
