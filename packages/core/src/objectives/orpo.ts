/** Preference optimisation by odds, in the same step as learning the chosen answers. */
import { div, exp, log, mul, neg, sub, sum, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import { positive } from '../fields.js';
import type { Objective } from '../objective.js';
import { parseOptions } from '../parse-options.js';
import { answerLengths, countChosen, halves, logSigmoid, rowLogps, tokenLogps } from './answer-pairs.js';
import { countRows } from './embedding-columns.js';
import { namedValue } from './labels.js';

const schema = z.strictObject({
  /** The weight of the odds ratio; 0.1 by default. */
  beta: z._default(positive, 0.1),
});

export type OrpoOptions = z.input<typeof schema>;

/**
 * ORPO (Hong et al. 2024, arXiv 2403.07691), as TRL's ORPOTrainer: the mean loss of the chosen rows as texts, prompts
 * included, minus beta times the log-sigmoid of the log odds ratio. Batches are those of `dpo` with their `attentionMask`.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function orpo(options: OrpoOptions = {}): Objective {
  const parsed = parseOptions(schema, options, 'ORPO');
  return {
    name: 'ORPO',
    options: parsed,
    countNames: ['pairs', 'chosenTokens'],
    labelNames: ['inputIds', 'completionMask', 'attentionMask'],
    counts: (batch) => ({ pairs: countRows(batch, 2), chosenTokens: countChosen(batch, 'attentionMask') }),
    loss({ forward, batch, totals }) {
      const outputs = forward();
      const [chosen, rejected] = halves(logOdds(div(rowLogps(outputs, batch), answerLengths(batch))));
      const ratio = div(sum(logSigmoid(sub(chosen, rejected))), namedValue(totals, 'pairs'));
      const texts = tokenLogps(outputs, namedValue(batch, 'inputIds'), namedValue(batch, 'attentionMask'));
      const nll = neg(div(sum(halves(texts)[0]), namedValue(totals, 'chosenTokens')));
      return sub(nll, mul(ratio, parsed.beta));
    },
  };
}

/** Of a probability's logarithm. */
const logOdds = (logp: Value): Value => sub(logp, log(sub(1, exp(logp))));
