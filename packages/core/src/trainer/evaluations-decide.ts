/** When a resumed run must evaluate as the run did that it goes on from. */
import type { ArgumentName, TrainingArguments } from './training-arguments.js';

/** Whether evaluations decide over the weights that a run ends with. */
export function evaluationsDecide(run: Readonly<Record<string, unknown>>): boolean {
  const { loadBestModelAtEnd, earlyStoppingPatience, lrSchedulerType } = run satisfies Readonly<
    Partial<Record<ArgumentName, unknown>>
  >;
  return (
    loadBestModelAtEnd === true ||
    (typeof earlyStoppingPatience === 'number' && earlyStoppingPatience > 0) ||
    lrSchedulerType === ('reduce_lr_on_plateau' satisfies TrainingArguments['lrSchedulerType'])
  );
}
