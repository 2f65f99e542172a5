import type { Output } from './output.js';

/** What a command works with beside its settings. */
export interface CommandContext {
  readonly output: Output;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
}
