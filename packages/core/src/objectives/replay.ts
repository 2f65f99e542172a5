/** A model that learns a new task while it goes on with an earlier one. */
import * as z from 'zod/mini';
import { inputNamesOf } from '../model.js';
import { type FrozenModel, type Objective, withMetrics } from '../objective.js';
import { parseOptions } from '../parse-options.js';
import { namedValue } from './labels.js';
import { withSecondLoss } from './second-loss.js';

const schema = z.strictObject({
  /** Share of the earlier task in each step, in rows and in the loss; 0.25 by default. */
  share: z._default(z.number().check(z.gt(0), z.lt(1)), 0.25),
});

export type ReplayOptions = z.input<typeof schema>;

/** @throws AttuneError `E_CONFIG` */
export const parseReplayOptions = (options: unknown) => parseOptions(schema, options, 'replay');

/** The earlier task of the model that training starts from. */
export interface ReplayedTask {
  /** It `keeps` its head; what else it has is read from the weights that train. */
  readonly model: FrozenModel;
  /** Tells the data and the head apart from others, for runs that are resumed. */
  readonly fingerprint: string;
  readonly objective: Objective;
}

/** The name of a field in batches of both tasks, for the earlier one. */
export const replayedField = (name: string): string => `replay.${name}`;

/**
 * (1 - share) times the loss of the new task plus `share` times that of an earlier one, on rows of its own (experience
 * replay: Robins 1995; Chaudhry et al. 2019, arXiv 1902.10486), which batches hold as `replayedField`s. The earlier head stays as it is. Evaluations
 * measure the new task alone.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function replay(objective: Objective, earlier: ReplayedTask, options: ReplayOptions = {}): Objective {
  const { share } = parseReplayOptions(options);
  const { objective: own } = earlier;
  const inputNames = inputNamesOf(earlier.model.model);
  const names = [...new Set([...inputNames, ...own.labelNames])];
  const [countName = ''] = own.countNames;
  return withSecondLoss(objective, {
    name: 'replay',
    options: { share, earlier: earlier.fingerprint },
    weights: [1 - share, share],
    models: { earlier: earlier.model },
    labelNames: names.map(replayedField),
    mixedNames: names.map(replayedField),
    count: (batch) => own.counts(withoutPrefix(batch), earlier.model.model)[countName] ?? 0,
    loss({ forward, batch, training }) {
      const read = withoutPrefix(batch);
      const inputs = Object.fromEntries(inputNames.map((name) => [name, namedValue(read, name)]));
      const outputs = forward({ name: 'replay', model: 'earlier', isTuned: true, inputs });
      const one = outputs.logits!.builder.scalar(1);
      return withMetrics(own.loss({ forward: () => outputs, batch: read, training, totals: { [countName]: one } }))
        .loss;
    },
  });
}

const PREFIX = replayedField('');

const withoutPrefix = <Field>(batch: Readonly<Record<string, Field>>): Readonly<Record<string, Field>> =>
  Object.fromEntries(
    Object.entries(batch).flatMap(([name, field]) =>
      name.startsWith(PREFIX) ? [[name.slice(PREFIX.length), field]] : [],
    ),
  );
