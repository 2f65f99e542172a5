/** ReduceLROnPlateau: the rate falls when a metric has stopped improving (as torch.optim.lr_scheduler has it). */
import {
  AttuneError,
  add,
  and,
  greater,
  interpretReference,
  less,
  maximum,
  mul,
  type Program,
  ProgramBuilder,
  select,
  sub,
  tensorType,
  type Value,
} from '@attune/ir';
import * as z from 'zod/mini';
import { count, fraction, nonnegative } from '../fields.js';
import { parseOptions } from '../parse-options.js';
import { exact, scale } from './exact.js';
import type { HostSchedule, Schedule } from './schedule.js';

const NAME = 'reduce_lr_on_plateau';

const schema = z.strictObject({
  /** The rate at first. */
  learningRate: nonnegative,
  /** Whether a lower or a higher metric is better. */
  mode: z._default(z.enum(['min', 'max']), 'min'),
  /** What the rate is multiplied by. */
  factor: z._default(fraction, 0.1),
  /** How many reports without improvement are let pass. */
  patience: z._default(count, 10),
  /** The least change that counts as an improvement, */
  threshold: z._default(nonnegative, 1e-4),
  /** as a share of the best metric or as a number. */
  thresholdMode: z._default(z.enum(['rel', 'abs']), 'rel'),
  /** Reports after a reduction that do not count as bad. */
  cooldown: z._default(count, 0),
  minLr: z._default(nonnegative, 0),
  /** Smaller changes of the rate are not made. */
  epsilon: z._default(nonnegative, 1e-8),
});

export type ReduceOnPlateauOptions = z.input<typeof schema>;

const stateSchema = z.strictObject({
  learningRate: nonnegative,
  /** The best metric so far; null before the first report. */
  best: z.nullable(z.number()),
  /** Reports without improvement in a row. */
  badReports: nonnegative,
  /** Reports left that do not count as bad. */
  cooldown: nonnegative,
});

type PlateauState = z.output<typeof stateSchema>;

/** The program of one report. Inputs: `metric`, then the state, f32 scalars; outputs: the state after it. */
export function reduceOnPlateauProgram(options: ReduceOnPlateauOptions): Program {
  const parsed = parseOptions(schema, options, NAME);
  const builder = new ProgramBuilder(NAME);
  const scalar = tensorType([]);
  const metric = builder.input('metric', scalar);
  const state = {
    learningRate: builder.input('learningRate', scalar),
    best: builder.input('best', scalar),
    badReports: builder.input('badReports', scalar),
    cooldown: builder.input('cooldown', scalar),
  };
  const better = improves(metric, state.best, parsed);
  const cooling = greater(state.cooldown, 0);
  const bad = select(cooling, 0, select(better, 0, add(state.badReports, 1)));
  const reduces = greater(bad, parsed.patience);
  const cooldown = select(cooling, sub(state.cooldown, 1), state.cooldown);
  const reduced = maximum(scale(state.learningRate, parsed.factor), exact(metric, parsed.minLr));
  const changes = and(reduces, greater(sub(state.learningRate, reduced), exact(metric, parsed.epsilon)));
  return builder.finish({
    learningRate: select(changes, reduced, state.learningRate),
    best: select(better, metric, state.best),
    badReports: select(reduces, 0, bad),
    cooldown: select(reduces, parsed.cooldown, cooldown),
  });
}

function improves(metric: Value, best: Value, { mode, threshold, thresholdMode }: z.output<typeof schema>): Value {
  const margin = exact(metric, threshold);
  if (mode === 'min') {
    return less(metric, thresholdMode === 'rel' ? mul(best, sub(1, margin)) : sub(best, margin));
  }
  return greater(metric, thresholdMode === 'rel' ? mul(best, add(margin, 1)) : add(best, margin));
}

/**
 * The rate that falls when a metric has stopped improving: `host.report` takes the metric after each evaluation, and the
 * rate is an input of the step. Runs the program above on the host, in float64.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function reduceOnPlateauSchedule(options: ReduceOnPlateauOptions): Schedule & { readonly host: HostSchedule } {
  const parsed = parseOptions(schema, options, NAME);
  const program = reduceOnPlateauProgram(options);
  const worst = parsed.mode === 'min' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  let state: PlateauState = { learningRate: parsed.learningRate, best: null, badReports: 0, cooldown: 0 };
  return {
    name: NAME,
    options: parsed,
    learningRate: (_, input) => input('learningRate'),
    host: {
      inputs: () => ({ learningRate: state.learningRate }),
      report(metric) {
        if (Number.isNaN(metric)) {
          throw new AttuneError('E_NONFINITE', 'The metric that the learning rate follows is NaN.', {
            field: 'metric',
          });
        }
        const numbers = [metric, state.learningRate, state.best ?? worst, state.badReports, state.cooldown];
        const [learningRate, best, badReports, cooldown] = interpretReference(
          program,
          numbers.map((number) => ({ type: tensorType([]), data: Float64Array.of(number) })),
        ).map(({ data }) => data[0]!);
        state = {
          learningRate: learningRate!,
          best: Number.isFinite(best) ? best! : null,
          badReports: badReports!,
          cooldown: cooldown!,
        };
      },
      forget() {
        state = { ...state, best: null, badReports: 0 };
      },
      save: () => state,
      restore(saved) {
        state = parseOptions(stateSchema, saved, `the saved state of ${NAME}`);
      },
    },
  };
}
