import { AttuneError, add, mul } from '@attune/ir';
import { type ForwardPass, type Objective, withMetrics } from '../objective.js';

export interface WeightedObjective {
  readonly objective: Objective;
  /** 1 by default. */
  readonly weight?: number;
}

/**
 * The weighted sum of objectives, as when a student learns labels, answers and hidden states at once. Each keeps its own
 * totals, so that gradient accumulation stays exact.
 * @throws AttuneError `E_CONFIG` for no objective, or a weight that is no positive number
 */
export function combinedObjective(parts: readonly WeightedObjective[]): Objective {
  const weighted = parts.map(({ objective, weight = 1 }) => ({ objective, weight }));
  const wrong = weighted.find(({ weight }) => !(weight > 0 && Number.isFinite(weight)));
  if (weighted.length === 0 || wrong) {
    const problem = wrong ? `the weight of ${wrong.objective.name} is ${wrong.weight}` : 'there is no objective';
    throw new AttuneError('E_CONFIG', `A combined objective needs positive weights: ${problem}.`, { field: 'weight' });
  }
  const own = (index: number, count: string) => `${index}.${count}`;
  return {
    name: weighted.map(({ objective }) => objective.name).join(' + '),
    options: { parts: weighted.map(({ objective: { name, options }, weight }) => ({ name, options, weight })) },
    countNames: weighted.flatMap(({ objective }, index) => objective.countNames.map((name) => own(index, name))),
    labelNames: [...new Set(weighted.flatMap(({ objective }) => objective.labelNames))],
    counts: (batch, model) =>
      Object.fromEntries(
        weighted.flatMap(({ objective }, index) =>
          Object.entries(objective.counts(batch, model)).map(([name, count]) => [own(index, name), count]),
        ),
      ),
    metricNames: weighted.flatMap(({ objective: { metricNames = [] } }, index) =>
      metricNames.map((name) => own(index, name)),
    ),
    models: Object.fromEntries(
      weighted.flatMap(({ objective: { models = {} } }, index) =>
        Object.entries(models).map(([name, model]) => [own(index, name), model]),
      ),
    ),
    mixedNames: weighted.flatMap(({ objective }) => objective.mixedNames ?? []),
    loss(context) {
      const parts = weighted.map(({ objective }, index) => {
        const totals = objective.countNames.map((name) => [name, context.totals[own(index, name)]!] as const);
        const forward = ({ model, ...pass }: ForwardPass = {}) =>
          context.forward(model === undefined ? pass : { ...pass, model: own(index, model) });
        return withMetrics(objective.loss({ ...context, forward, totals: Object.fromEntries(totals) }));
      });
      return {
        loss: parts.map(({ loss }, index) => mul(loss, weighted[index]!.weight)).reduce(add),
        metrics: Object.fromEntries(
          parts.flatMap(({ metrics }, index) =>
            Object.entries(metrics).map(([name, value]) => [own(index, name), value] as const),
          ),
        ),
      };
    },
  };
}
