/** What ends a command from outside. Imports nothing slow: it listens before the rest of the command is loaded. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** The exit code that belongs to what arrived. */
  exitCode(): number;
  /** Stops listening. */
  dispose(): void;
}

/** 128 and the signal's number, as shells have it. Nothing can be printed any more after SIGPIPE. */
export const signalExitCodes = { SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGPIPE: 141, SIGTERM: 143 } as const;

type Ending = keyof typeof signalExitCodes;

/** Those that the process can be sent; Node ignores SIGPIPE, and a stream whose reader is gone has an error instead. */
export const listenedSignals = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const satisfies readonly Ending[];

/**
 * The first signal asks the work to end where it leaves nothing broken, the second ends the process at once. A reader of
 * standard output or standard error that goes away counts as the first signal.
 */
export function onInterrupt(): Interruption {
  const controller = new AbortController();
  let code: number = signalExitCodes.SIGINT;
  const end = (ending: Ending) => {
    if (controller.signal.aborted) return;
    code = signalExitCodes[ending];
    controller.abort(new Error(`interrupted by ${ending}`));
  };
  const listen = (name: (typeof listenedSignals)[number]) => {
    const handler = () => {
      if (controller.signal.aborted) process.exit(signalExitCodes[name]);
      process.stderr.write('stopping; once more to stop at once\n');
      end(name);
    };
    process.on(name, handler);
    return () => process.off(name, handler);
  };
  const onClosed = () => end('SIGPIPE');
  const streams = [process.stdout, process.stderr];
  for (const stream of streams) {
    if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore);
    stream.on('error', onClosed);
  }
  const stop = listenedSignals.map(listen);
  return {
    signal: controller.signal,
    exitCode: () => code,
    dispose: () => {
      for (const each of stop) each();
      for (const stream of streams) stream.off('error', onClosed);
    },
  };
}

/** Stays: the error of the last line arrives when the command has ended, and must not become a stack trace. */
function ignore(): void {}

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
