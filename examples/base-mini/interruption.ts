/** Ctrl-C and SIGTERM: the first ends the work after its step, with a checkpoint; the second at once. */
export function interruption(log: (line: string) => void): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      log('finishing the step and saving; once more to stop at once');
      controller.abort(new Error(`interrupted by ${name}`));
    });
  }
  return controller.signal;
}
