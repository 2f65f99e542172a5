/** Preference optimisation without a reference model: CPO and SimPO. */
import { add, div, mul, neg, relu, sub, sum, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import { fraction, nonnegative, positive } from '../fields.js';
import type { Objective } from '../objective.js';
import { parseOptions } from '../parse-options.js';
import { answerLengths, countChosen, halves, logSigmoid, rowLogps } from './answer-pairs.js';
import { countRows } from './embedding-columns.js';
import { namedValue } from './labels.js';

const cpoLossTypes = ['sigmoid', 'hinge', 'ipo', 'simpo'] as const;

const schema = z.strictObject({
  /** How sharply answers are told apart; 0.1 by default. */
  beta: z._default(positive, 0.1),
  /** `simpo` and `ipo` compare the mean over an answer's tokens, the others the sum; `sigmoid` by default. */
  lossType: z._default(z.enum(cpoLossTypes), 'sigmoid'),
  /** The share of pairs that are expected to be the wrong way round, of `sigmoid` and `simpo`; 0 by default. */
  labelSmoothing: z._default(fraction, 0),
  /** The weight of the loss of the chosen answers as texts; 1 by default. SimPO has 0. */
  cpoAlpha: z._default(nonnegative, 1),
  /** The margin that the chosen answer has to win by, of `simpo`; 0.5 by default. */
  simpoGamma: z._default(nonnegative, 0.5),
});

export type CpoOptions = z.input<typeof schema>;

type Parsed = z.output<typeof schema>;

/**
 * CPO (Xu et al. 2024, arXiv 2401.08417) and SimPO (Meng et al. 2024, arXiv 2405.14734), as TRL's CPOTrainer. Batches are
 * those of `dpo`; no other model is asked. The loss is the mean over pairs.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function cpo(options: CpoOptions = {}): Objective {
  const parsed = parseOptions(schema, options, 'CPO');
  const { lossType, cpoAlpha } = parsed;
  return {
    name: 'CPO',
    options: parsed,
    countNames: ['pairs', ...(cpoAlpha > 0 ? ['chosenTokens'] : [])],
    labelNames: ['inputIds', 'completionMask'],
    counts: (batch) => ({
      pairs: countRows(batch, 2),
      ...(cpoAlpha > 0 ? { chosenTokens: countChosen(batch, 'completionMask') } : {}),
    }),
    loss({ forward, batch, totals }) {
      const logps = rowLogps(forward(), batch);
      const isMean = lossType === 'ipo' || lossType === 'simpo';
      const [chosen, rejected] = halves(isMean ? div(logps, answerLengths(batch)) : logps);
      const preference = div(sum(pairLosses(sub(chosen, rejected), parsed)), namedValue(totals, 'pairs'));
      if (cpoAlpha === 0) return preference;
      const text = neg(div(sum(halves(logps)[0]), namedValue(totals, 'chosenTokens')));
      return add(preference, mul(text, cpoAlpha));
    },
  };
}

/** @param ratio how much likelier the chosen answer is, as a logarithm */
function pairLosses(ratio: Value, { beta, lossType, labelSmoothing, simpoGamma }: Parsed): Value {
  const x = lossType === 'simpo' ? sub(mul(ratio, beta), simpoGamma) : mul(ratio, beta);
  switch (lossType) {
    case 'hinge':
      return relu(sub(1, x));
    case 'ipo': {
      const distance = sub(ratio, 1 / (2 * beta));
      return mul(distance, distance);
    }
    case 'sigmoid':
    case 'simpo': {
      const won = neg(logSigmoid(x));
      if (labelSmoothing === 0) return won;
      return add(mul(won, 1 - labelSmoothing), mul(neg(logSigmoid(neg(x))), labelSmoothing));
    }
  }
}
