/** The best evaluation so far, and whether to stop early. */
import { AttuneError } from '@attune/ir';
import { nearest } from '../nearest.js';
import type { GivenArguments, TrainingArguments } from './training-arguments.js';

/** What evaluations are compared by: values by different ones say nothing about each other. */
interface Yardstick {
  readonly metric: string;
  readonly greaterIsBetter: boolean;
  /** Fingerprint of the evaluation data; null without. */
  readonly data: string | null;
}

export interface BestState extends Yardstick {
  readonly value: number | null;
  readonly step: number;
  /** Evaluations since one was better by more than the threshold. */
  readonly stale: number;
}

export class BestTracker {
  readonly #arguments: TrainingArguments;
  #state: BestState;

  /** @param data fingerprint of the evaluation data; null without */
  constructor(options: TrainingArguments, data: string | null) {
    this.#arguments = options;
    const yardstick = { metric: options.metricForBestModel, greaterIsBetter: isGreaterBetter(options), data };
    this.#state = { ...yardstick, value: null, step: 0, stale: 0 };
  }

  get state(): BestState {
    return this.#state;
  }

  /** Goes on from a state by the same yardstick; false for one by another, after which the best is looked for afresh. */
  restore(state: BestState): boolean {
    const { metric, greaterIsBetter, data } = this.#state;
    if (state.metric !== metric || state.greaterIsBetter !== greaterIsBetter || state.data !== data) return false;
    this.#state = state;
    return true;
  }

  /** Gives early stopping its whole patience again, for a run that goes on after its end. */
  renewPatience(): void {
    this.#state = { ...this.#state, stale: 0 };
  }

  /**
   * Takes an evaluation; true where it is the best so far.
   * @throws AttuneError `E_CONFIG` where the best model or early stopping asks for a metric that there is not
   */
  report(step: number, metrics: Readonly<Record<string, number>>): boolean {
    const { metricForBestModel, earlyStoppingThreshold, earlyStoppingPatience, loadBestModelAtEnd } = this.#arguments;
    const value = metrics[metricForBestModel];
    if (value === undefined) {
      if (loadBestModelAtEnd || earlyStoppingPatience > 0) throw noMetric(metricForBestModel, metrics);
      return false;
    }
    const { value: best, stale } = this.#state;
    const gain = best === null ? Number.POSITIVE_INFINITY : this.#state.greaterIsBetter ? value - best : best - value;
    const isBest = gain > 0 && Number.isFinite(value);
    this.#state = {
      ...this.#state,
      ...(isBest ? { value, step } : {}),
      stale: isBest && gain > earlyStoppingThreshold ? 0 : stale + 1,
    };
    return isBest;
  }

  get shouldStop(): boolean {
    const { earlyStoppingPatience } = this.#arguments;
    return earlyStoppingPatience > 0 && this.#state.stale >= earlyStoppingPatience;
  }
}

/** As given, else by the metric's name; what a number is called, as in `pearson_error rate`, says nothing. */
export const isGreaterBetter = ({ greaterIsBetter, metricForBestModel: name = 'loss' }: GivenArguments): boolean =>
  greaterIsBetter ?? (/^(?:pearson|spearman)_/.test(name) || !/loss|error|perplexity/i.test(name));

function noMetric(name: string, metrics: Readonly<Record<string, number>>): AttuneError {
  const names = Object.keys(metrics);
  const suggestion = nearest(name, names);
  return new AttuneError(
    'E_CONFIG',
    `metricForBestModel: the evaluation has no "${name}"${suggestion ? `, did you mean ${suggestion}?` : ''}.`,
    { field: 'metricForBestModel', hint: `Its metrics are ${names.join(', ')}.` },
  );
}
