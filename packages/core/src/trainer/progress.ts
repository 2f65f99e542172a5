import type { ProgressEvent } from './events.js';

/** Takes how much of a whole is done. */
export type Report = (done: number, total: number) => void;

/** Less than this is done at once. */
const LITTLE = 10;

/**
 * Does something that takes a while, and yields how far it is, in tenths.
 * @param work calls its argument as often as it likes
 */
export async function* withProgress<Result>(
  phase: ProgressEvent['phase'],
  work: (report: Report) => Promise<Result>,
): AsyncGenerator<ProgressEvent, Result, undefined> {
  const waiting: ProgressEvent[] = [];
  let wake = () => {};
  let next = 0;
  let isDone = false;
  const result = work((done, total) => {
    if (done < total) {
      if (total < LITTLE || done < next) return;
      next = done + total / 10;
    } else {
      // The next pass begins anew.
      next = 0;
      return;
    }
    waiting.push({ type: 'progress', phase, done, total });
    wake();
  }).finally(() => {
    isDone = true;
    wake();
  });
  // Awaited below; nobody listens while the events are taken.
  result.catch(() => {});
  while (!isDone || waiting.length > 0) {
    const event = waiting.shift();
    if (event) yield event;
    else
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  }
  return await result;
}
