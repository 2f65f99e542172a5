/** Direct preference optimisation: the answer that was chosen gets likelier than the one that was rejected. */
import {
  add,
  cast,
  div,
  exp,
  greater,
  logistic,
  mul,
  neg,
  relu,
  softplus,
  stopGradient,
  sub,
  sum,
  type Value,
} from '@attune/ir';
import * as z from 'zod/mini';
import { fraction, positive } from '../fields.js';
import type { LossContext, Objective } from '../objective.js';
import { parseOptions } from '../parse-options.js';
import { answerLengths, halves, logSigmoid, rowLogps } from './answer-pairs.js';
import { countRows } from './embedding-columns.js';
import { namedValue } from './labels.js';

export const dpoLossTypes = [
  'sigmoid',
  'sigmoid_norm',
  'hinge',
  'ipo',
  'robust',
  'exo_pair',
  'nca_pair',
  'sppo_hard',
  'apo_zero',
  'apo_down',
  'discopop',
  'bco_pair',
] as const;

const schema = z.strictObject({
  /** How far the model may go from its reference; 0.1 by default. */
  beta: z._default(positive, 0.1),
  lossType: z._default(z.enum(dpoLossTypes), 'sigmoid'),
  /** The share of pairs that are expected to be the wrong way round; 0 by default, of `exo_pair` 0.001. */
  labelSmoothing: z._default(fraction, 0),
  /** By which divergence the model is kept at its reference; `reverse_kl` by default. */
  fDivergence: z._default(z.enum(['reverse_kl', 'js_divergence']), 'reverse_kl'),
  /**
   * What the model is compared with: `base`, the default, is the model without its adapters, in the same program;
   * `precomputed` is the batch field `referenceLogps` f32 [rows]; `none` counts as 0.
   */
  reference: z._default(z.enum(['base', 'precomputed', 'none']), 'base'),
});

export type DpoOptions = z.input<typeof schema>;

type Parsed = z.output<typeof schema>;

/**
 * DPO (Rafailov et al. 2023, arXiv 2305.18290) and the losses of TRL's DPOTrainer, under its names: IPO (2310.12036), hinge
 * (SLiC, 2305.10425), robust (2403.00409), EXO (2402.00856), NCA (2402.05369), SPPO (2405.00675), APO (2408.06266),
 * DiscoPOP (2406.08414), and BCO (2404.04656) without its reward shift, as TRL has it. `logits` [rows, tokens, classes], the
 * batch's `inputIds` and `completionMask` i32 [rows, tokens], 1 for the tokens of the answers: the first half of the rows are
 * the chosen ones, the second the rejected, in the same order. The loss is the mean over pairs. Metrics are TRL's rewards:
 * beta times how much likelier an answer became.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function dpo(options: DpoOptions = {}): Objective {
  const parsed = parseOptions(schema, options, 'DPO');
  const isByToken = parsed.lossType === 'ipo' || parsed.lossType === 'sigmoid_norm';
  return {
    name: 'DPO',
    options: parsed,
    countNames: ['pairs'],
    labelNames: ['inputIds', 'completionMask', ...(parsed.reference === 'precomputed' ? ['referenceLogps'] : [])],
    metricNames: ['rewardsChosen', 'rewardsRejected', 'rewardsMargin', 'rewardsAccuracy'],
    counts: (batch) => ({ pairs: countRows(batch, 2) }),
    loss(context) {
      const { batch, totals } = context;
      const logps = rowLogps(context.forward(), batch);
      const ratios = sub(logps, referenceLogps(context, parsed));
      const [chosen, rejected] = halves(ratios);
      const compared = isByToken ? halves(div(ratios, answerLengths(batch))) : [chosen, rejected];
      const losses = pairLosses(compared[0]!, compared[1]!, parsed);
      const mean = (x: Value) => div(sum(x), namedValue(totals, 'pairs'));
      const reward = (x: Value) => mean(mul(x, parsed.beta));
      return {
        loss: mean(losses),
        metrics: {
          rewardsChosen: reward(chosen),
          rewardsRejected: reward(rejected),
          rewardsMargin: reward(sub(chosen, rejected)),
          rewardsAccuracy: mean(cast(greater(chosen, rejected), 'f32')),
        },
      };
    },
  };
}

function referenceLogps({ forward, batch }: LossContext, { reference }: Parsed): Value | number {
  switch (reference) {
    case 'none':
      return 0;
    case 'precomputed':
      return namedValue(batch, 'referenceLogps');
    case 'base':
      return stopGradient(rowLogps(forward({ adapters: false }), batch));
  }
}

const square = (x: Value): Value => mul(x, x);

/** The loss of each pair, from how much likelier its answers are than by the reference. */
function pairLosses(chosen: Value, rejected: Value, { beta, lossType, labelSmoothing, fDivergence }: Parsed): Value {
  const ratio = sub(chosen, rejected);
  const isJensenShannon = fDivergence === 'js_divergence';
  const delta = isJensenShannon ? sub(ratio, sub(softplus(chosen), softplus(rejected))) : ratio;
  const x = mul(delta, beta);
  const [won, lost] = [neg(logSigmoid(x)), neg(logSigmoid(neg(x)))];
  switch (lossType) {
    case 'sigmoid':
    case 'sigmoid_norm':
      return labelSmoothing === 0 ? won : add(mul(won, 1 - labelSmoothing), mul(lost, labelSmoothing));
    case 'hinge':
      return relu(sub(1, x));
    case 'ipo':
      return square(sub(delta, 1 / (2 * beta)));
    case 'robust':
      return div(sub(mul(won, 1 - labelSmoothing), mul(lost, labelSmoothing)), 1 - 2 * labelSmoothing);
    case 'exo_pair': {
      const smoothing = Math.max(labelSmoothing, 1e-3);
      const own = mul(logistic(x), sub(neg(won), Math.log(1 - smoothing)));
      return add(own, mul(logistic(neg(x)), sub(neg(lost), Math.log(smoothing))));
    }
    case 'nca_pair': {
      const [up, down] = [mul(chosen, beta), mul(rejected, beta)];
      return neg(add(logSigmoid(up), mul(add(logSigmoid(neg(up)), logSigmoid(neg(down))), 0.5)));
    }
    case 'sppo_hard':
      return add(square(sub(chosen, 0.5 / beta)), square(add(rejected, 0.5 / beta)));
    case 'apo_zero':
      return add(sub(1, logistic(mul(chosen, beta))), logistic(mul(rejected, beta)));
    case 'apo_down':
      return add(logistic(mul(chosen, beta)), sub(1, logistic(mul(ratio, beta))));
    case 'bco_pair':
      return neg(add(logSigmoid(mul(chosen, beta)), logSigmoid(neg(mul(rejected, beta)))));
    case 'discopop': {
      const share = logistic(div(x, 0.05));
      return add(mul(won, sub(1, share)), mul(exp(neg(x)), share));
    }
  }
}
