/** Penalties on what a recurrent language model computes. */
import { add, div, mul, sliceAxis, sub, sum, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import { nonnegative } from '../fields.js';
import { type Objective, withMetrics } from '../objective.js';
import { parseOptions } from '../parse-options.js';
import { namedValue } from './labels.js';

const schema = z.strictObject({
  /** Weight of the mean square of the last hidden states behind dropout (AR); 2 by default, as in fastai. */
  alpha: z._default(nonnegative, 2),
  /** Weight of the mean square of what they change from token to token, before dropout (TAR); 1 by default. */
  beta: z._default(nonnegative, 1),
});

export type ActivationRegularizationOptions = z.input<typeof schema>;

/**
 * An objective of language modelling with activation regularization and temporal activation regularization (Merity et al.
 * 2017, arXiv 1708.02182), while training only. Means are over the tokens that are targets. The model has the outputs
 * `lastHiddenState` and `droppedHiddenState`, [batch, tokens, width].
 * @param objective has the count `targets`
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function activationRegularization(
  objective: Objective,
  options: ActivationRegularizationOptions = {},
): Objective {
  const { alpha, beta } = parseOptions(schema, options, 'activation regularization');
  return {
    ...objective,
    name: `${objective.name} with activation regularization`,
    options: { ...objective.options, alpha, beta },
    loss(context) {
      const { loss, metrics } = withMetrics(objective.loss(context));
      if (!context.training) return { loss, metrics };
      const outputs = context.forward();
      const raw = namedValue(outputs, 'lastHiddenState');
      const [, tokens, width] = raw.type.shape as [number, number, number];
      const targets = namedValue(context.totals, 'targets');
      const mean = (x: Value, factor: number) => div(mul(sum(mul(x, x)), factor / width), targets);
      const penalties = [mean(namedValue(outputs, 'droppedHiddenState'), alpha)];
      if (tokens > 1) {
        const change = sub(sliceAxis(raw, 1, 1, tokens), sliceAxis(raw, 1, 0, tokens - 1));
        penalties.push(mean(change, (beta * tokens) / (tokens - 1)));
      }
      return { loss: penalties.reduce(add, loss), metrics };
    },
  };
}
