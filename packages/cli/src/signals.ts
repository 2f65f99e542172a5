/** Ctrl-C and SIGTERM. Imports nothing slow: it listens before the rest of the command is loaded. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** The exit code that belongs to the signal that arrived. */
  exitCode(): number;
  /** Stops listening. */
  dispose(): void;
}

/** 128 and the signal's number, as shells have it. */
export const signalExitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/** The first signal asks the work to end where it leaves nothing broken, the second ends the process at once. */
export function onInterrupt(): Interruption {
  const controller = new AbortController();
  let code: number = signalExitCodes.SIGINT;
  const listen = (signal: keyof typeof signalExitCodes) => {
    const handler = () => {
      if (controller.signal.aborted) process.exit(signalExitCodes[signal]);
      code = signalExitCodes[signal];
      process.stderr.write('stopping; once more to stop at once\n');
      controller.abort(new Error(`interrupted by ${signal}`));
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  };
  const stop = [listen('SIGINT'), listen('SIGTERM')];
  return {
    signal: controller.signal,
    exitCode: () => code,
    dispose: () => {
      for (const each of stop) each();
    },
  };
}

/**
 * The result of work that has nothing to save: left at once where the signal is aborted.
 * @throws the signal's reason, and what the work throws
 */
export async function interruptible<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let leave = () => {};
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([work(signal), aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
