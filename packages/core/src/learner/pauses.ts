/**
 * Lets the event loop run now and then between steps: a device that works on the calling thread would otherwise keep
 * signals, timers and input waiting until training ends.
 * @param milliseconds time between two pauses
 */
export function pauses(milliseconds = 20): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < milliseconds) return;
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 0);
    });
    last = performance.now();
  };
}
