/** The next token, from those before it. */
import {
  argmax,
  cast,
  concat,
  div,
  equal,
  type HostTensor,
  hostTensor,
  reshape,
  sliceAxis,
  sum,
  type Value,
} from '@attune/ir';
import { IGNORED_LABEL, type Objective, withMetrics } from '../objective.js';
import { type ClassificationOptions, maskedLanguageModeling } from './classification.js';
import { fieldOf, namedValue, nextLabels } from './labels.js';

export interface CausalLanguageOptions extends ClassificationOptions {
  /**
   * Whether evaluations measure the share of targets that the model holds for likeliest, as `tokenAccuracy`; false by default,
   * since all logits of a batch have to be in memory for it.
   */
  readonly tokenAccuracy?: boolean;
}

/**
 * Softmax cross entropy of each token, by what the model says at the one before it: `logits` [batch, tokens, classes],
 * `labels` i32 [batch, tokens], which are the tokens themselves, or -100 for those that are not to be learned. The first
 * token of a row is not a target, unless virtual tokens stand in front of it. Rows that go on in the next batch have one label more, the token that follows.
 */
export function causalLanguageModeling({ tokenAccuracy = false, ...options }: CausalLanguageOptions): Objective {
  const entropy = maskedLanguageModeling(options);
  return {
    ...entropy,
    name: 'causal language modeling',
    ...(tokenAccuracy ? { evaluationMetricNames: ['tokenAccuracy'] } : {}),
    counts(batch, model) {
      const labels = fieldOf(batch, 'labels');
      return entropy.counts({ labels: model?.predictsFirstToken ? labels : nextHostLabels(labels) });
    },
    loss(context) {
      const { logits: own, logitsBefore } = context.forward();
      const logits = own && logitsBefore ? shifted(own, logitsBefore) : namedValue(context.forward(), 'logits');
      const given = namedValue(context.batch, 'labels');
      const labels = own && logitsBefore ? given : nextLabels(given, logits.type.shape[1]);
      const result = entropy.loss({ ...context, forward: () => ({ logits }), batch: { labels } });
      if (context.training || !tokenAccuracy) return result;
      const { loss, metrics } = withMetrics(result);
      const targets = namedValue(context.totals, 'targets');
      return { loss, metrics: { ...metrics, tokenAccuracy: div(rightAnswers(logits, labels), targets) } };
    },
  };
}

/** What the model says at each place of its own token, in front of which virtual ones stand. */
const shifted = (logits: Value, before: Value): Value =>
  concat([before, sliceAxis(logits, 1, 0, (logits.type.shape[1] ?? 1) - 1)], 1);

/** How many targets have the largest logit; labels that are ignored are none. */
const rightAnswers = (logits: Value, labels: Value): Value =>
  sum(cast(equal(argmax(reshape(logits, [-1, logits.type.shape[2] ?? 1]), 1), reshape(labels, [-1])), 'f32'));

/** As `nextLabels`, on the host. */
function nextHostLabels({ type, data }: HostTensor): HostTensor {
  const tokens = type.shape[1]!;
  const next = new Int32Array(data.length).fill(IGNORED_LABEL);
  for (let index = 0; index < data.length; index++) if ((index + 1) % tokens > 0) next[index] = data[index + 1]!;
  return hostTensor(type.shape, next, 'i32');
}
