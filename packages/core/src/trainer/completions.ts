/** What a run writes with the weights of now, if its Trainer asks for it; loaded then. */
import type { Learner } from '../learner/learner.js';
import type { Completion, TrainEvent } from './events.js';
import type { CompletionWriter } from './trainer-options.js';

/** The texts, after the events of programs that they took; none if the run is interrupted. */
export async function* completionsOf(
  write: CompletionWriter,
  learner: Learner,
  signal: AbortSignal | undefined,
): AsyncGenerator<TrainEvent, { readonly completions?: readonly Completion[] }, undefined> {
  try {
    const completions = await write(learner, signal);
    yield* learner.compiler.takeEvents();
    return { completions };
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return {};
    throw error;
  }
}
