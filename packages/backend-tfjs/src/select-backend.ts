import type { Runtime } from './runtime.js';

/**
 * Makes the runtime's backend that of TensorFlow.js, which has one for all. A backend that has started, as a runtime's
 * has, is selected at once; it stays selected until the caller waits for something.
 */
export function select({ core, backendName }: Runtime): void {
  if (core.getBackend() !== backendName) void core.setBackend(backendName);
}
