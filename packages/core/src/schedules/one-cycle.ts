import { add, cos, div, lessEqual, maximum, minimum, select, sub, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import { fraction, nonnegative, positive, share } from '../fields.js';
import { parseOptions } from '../parse-options.js';
import { exact, scale } from './exact.js';
import { stepsField } from './options.js';
import type { Schedule } from './schedule.js';

const schema = z.strictObject({
  /** The rate at the top. */
  maxLr: nonnegative,
  totalSteps: stepsField,
  /** The share of the steps that go up. */
  pctStart: z._default(share, 0.3),
  annealStrategy: z._default(z.enum(['cos', 'linear']), 'cos'),
  /** Momentum at the top of the rate, and at its bottom. */
  baseMomentum: z._default(fraction, 0.85),
  maxMomentum: z._default(fraction, 0.95),
  /** The first rate is maxLr / divFactor. */
  divFactor: z._default(positive, 25),
  /** The last rate is the first one / finalDivFactor. */
  finalDivFactor: z._default(positive, 1e4),
  /** Down to the first rate, then in a third phase to the last one. */
  threePhase: z._default(z.boolean(), false),
});

export type OneCycleOptions = z.input<typeof schema>;

/** A schedule that also moves the momentum. */
export interface OneCycleSchedule extends Schedule {
  /** The momentum (a scalar) of step `step`, counted from 0. */
  momentum(step: Value): Value;
}

interface Phase {
  readonly start: number;
  readonly end: number;
  readonly rates: readonly [from: number, to: number];
  readonly momenta: readonly [from: number, to: number];
}

/**
 * One-cycle (arXiv 1708.07120, as torch.optim.lr_scheduler.OneCycleLR): up to `maxLr`, then down far below the first
 * rate; the momentum goes the other way. Steps after the last one keep its rate.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function oneCycleSchedule(options: OneCycleOptions): OneCycleSchedule {
  const parsed = parseOptions(schema, options, 'one_cycle');
  const phases = phasesOf(parsed);
  const cosine = parsed.annealStrategy === 'cos';
  const follow = (step: Value, bounds: (phase: Phase) => readonly [number, number]) =>
    phases
      .map((phase) => ({ phase, value: anneal(step, phase, bounds(phase), cosine) }))
      .reduceRight((later, earlier) => ({
        phase: earlier.phase,
        value: select(lessEqual(step, Math.floor(earlier.phase.end)), earlier.value, later.value),
      })).value;
  return {
    name: 'one_cycle',
    options: parsed,
    learningRate: (step) => follow(step, ({ rates }) => rates),
    momentum: (step) => follow(step, ({ momenta }) => momenta),
  };
}

function phasesOf(options: z.output<typeof schema>): readonly Phase[] {
  const { maxLr, totalSteps, pctStart, baseMomentum: low, maxMomentum: high, divFactor, finalDivFactor } = options;
  const first = maxLr / divFactor;
  const last = first / finalDivFactor;
  const top = pctStart * totalSteps - 1;
  const end = totalSteps - 1;
  const up: Phase = { start: 0, end: top, rates: [first, maxLr], momenta: [high, low] };
  const rest: readonly Phase[] = options.threePhase
    ? [
        { start: top, end: 2 * pctStart * totalSteps - 2, rates: [maxLr, first], momenta: [low, high] },
        { start: 2 * pctStart * totalSteps - 2, end, rates: [first, last], momenta: [high, high] },
      ]
    : [{ start: top, end, rates: [maxLr, last], momenta: [low, high] }];
  return [up, ...rest].filter((phase, index, all) => phase.end > phase.start || index === all.length - 1);
}

/** From the first bound to the second over the phase. */
function anneal(step: Value, { start, end }: Phase, [from, to]: readonly [number, number], cosine: boolean): Value {
  if (from === to) return exact(step, from);
  const elapsed = start === 0 ? step : sub(step, exact(step, start));
  const progress = maximum(minimum(div(elapsed, exact(step, end > start ? end - start : 1)), 1), 0);
  if (!cosine) return add(scale(progress, to - from), exact(step, from));
  return add(scale(add(cos(scale(progress, Math.PI)), 1), (from - to) / 2), exact(step, to));
}
