import { exitCodes } from '../exit-codes.js';

export interface Interruption {
  readonly signal: AbortSignal;
  /** The exit code that belongs to the signal that arrived. */
  exitCode(): number;
  /** Stops listening. */
  dispose(): void;
}

/** Ctrl-C and SIGTERM: the first asks the work to end after its step, the second ends the process at once. */
export function onInterrupt(note: (line: string) => void): Interruption {
  const controller = new AbortController();
  let code: number = exitCodes.interrupted;
  const listen = (signal: NodeJS.Signals, exitCode: number) => {
    const handler = () => {
      if (controller.signal.aborted) process.exit(exitCode);
      code = exitCode;
      note('finishing the step and saving a checkpoint; once more to stop at once');
      controller.abort(new Error(`interrupted by ${signal}`));
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  };
  const stop = [listen('SIGINT', exitCodes.interrupted), listen('SIGTERM', exitCodes.terminated)];
  return {
    signal: controller.signal,
    exitCode: () => code,
    dispose: () => {
      for (const each of stop) each();
    },
  };
}
