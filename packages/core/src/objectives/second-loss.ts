/** An objective with a second loss beside its own, of training only. */
import { add, div, mul, type Value } from '@attune/ir';
import type { FrozenModel, HostBatch, LossContext, Objective } from '../objective.js';
import { withMetrics } from '../objective.js';
import { namedValue } from './labels.js';

export interface SecondLoss {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Of the objective's own loss and of this one. */
  readonly weights: readonly [own: number, second: number];
  readonly models: Readonly<Record<string, FrozenModel>>;
  readonly labelNames: readonly string[];
  readonly mixedNames?: readonly string[];
  /** What `loss` is divided by, of one batch. */
  count(batch: HostBatch): number;
  /** A sum. */
  loss(context: Pick<LossContext, 'forward' | 'batch' | 'training'>): Value;
}

/** Both losses, each over its own total; the metric of the second one's name tells how much that is. */
export function withSecondLoss(objective: Objective, second: SecondLoss): Objective {
  const { name, weights } = second;
  return {
    ...objective,
    name: `${objective.name} + ${name}`,
    options: { objective: { name: objective.name, ...objective.options }, [name]: { ...second.options } },
    ...(objective.weighted
      ? { weighted: (classWeights) => withSecondLoss(objective.weighted?.(classWeights) ?? objective, second) }
      : {}),
    countNames: [...objective.countNames, name],
    labelNames: [...new Set([...objective.labelNames, ...second.labelNames])],
    metricNames: [...(objective.metricNames ?? []), name],
    models: { ...objective.models, ...second.models },
    mixedNames: [...(objective.mixedNames ?? []), ...(second.mixedNames ?? [])],
    measured: objective.measured ?? objective,
    counts: (batch, model) => ({ ...objective.counts(batch, model), [name]: second.count(batch) }),
    loss(context) {
      const own = withMetrics(objective.loss(context));
      const more = div(second.loss(context), namedValue(context.totals, name));
      return {
        loss: add(mul(own.loss, weights[0]), mul(more, weights[1])),
        metrics: { ...own.metrics, [name]: more },
      };
    },
  };
}
