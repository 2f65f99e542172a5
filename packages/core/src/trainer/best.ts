/** The best evaluation so far, and whether to stop early. */
import { AttuneError } from '@attune/ir';
import { nearest } from '../nearest.js';
import type { TrainingArguments } from './training-arguments.js';

export interface BestState {
  readonly value: number | null;
  readonly step: number;
  /** Evaluations since one was better by more than the threshold. */
  readonly stale: number;
}

export class BestTracker {
  readonly #arguments: TrainingArguments;
  #state: BestState = { value: null, step: 0, stale: 0 };

  constructor(options: TrainingArguments) {
    this.#arguments = options;
  }

  get state(): BestState {
    return this.#state;
  }

  restore(state: BestState): void {
    this.#state = state;
  }

  /**
   * Takes an evaluation; true where it is the best so far.
   * @throws AttuneError `E_CONFIG` where the best model or early stopping asks for a metric that there is not
   */
  report(step: number, metrics: Readonly<Record<string, number>>): boolean {
    const { metricForBestModel, earlyStoppingThreshold, earlyStoppingPatience, loadBestModelAtEnd } = this.#arguments;
    const value = metrics[metricForBestModel];
    if (value === undefined) {
      if (loadBestModelAtEnd || earlyStoppingPatience !== undefined) throw noMetric(metricForBestModel, metrics);
      return false;
    }
    const { value: best, stale } = this.#state;
    const gain = best === null ? Number.POSITIVE_INFINITY : this.#greaterIsBetter ? value - best : best - value;
    const isBest = gain > 0 && Number.isFinite(value);
    this.#state = {
      ...(isBest ? { value, step } : { value: best, step: this.#state.step }),
      stale: isBest && gain > earlyStoppingThreshold ? 0 : stale + 1,
    };
    return isBest;
  }

  get shouldStop(): boolean {
    const { earlyStoppingPatience } = this.#arguments;
    return earlyStoppingPatience !== undefined && this.#state.stale >= earlyStoppingPatience;
  }

  get #greaterIsBetter(): boolean {
    const { greaterIsBetter, metricForBestModel } = this.#arguments;
    return greaterIsBetter ?? !/loss|error|perplexity/i.test(metricForBestModel);
  }
}

function noMetric(name: string, metrics: Readonly<Record<string, number>>): AttuneError {
  const names = Object.keys(metrics);
  const suggestion = nearest(name, names);
  return new AttuneError(
    'E_CONFIG',
    `metricForBestModel: the evaluation has no "${name}"${suggestion ? `, did you mean ${suggestion}?` : ''}.`,
    { field: 'metricForBestModel', hint: `Its metrics are ${names.join(', ')}.` },
  );
}
