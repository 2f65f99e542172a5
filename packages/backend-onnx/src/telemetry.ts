/** The telemetry of onnxruntime-node 1.30: below the user's cache directory and to a host of Microsoft, unless it is off. */
import { AttuneError } from '@attune/ir';

const VARIABLE = 'ORT_DISABLE_TELEMETRY';

/**
 * Turns telemetry off, whatever the environment says. The native library reads the variable once, when it is loaded.
 * @throws AttuneError `E_BACKEND_UNAVAILABLE` in a worker thread that was started without the variable: what a worker
 * sets, native code does not see
 */
export function disableTelemetry(): void {
  const { env, getBuiltinModule } = globalThis.process;
  const { isMainThread } = getBuiltinModule('node:worker_threads');
  if (isMainThread) env[VARIABLE] = '1';
  else if (env[VARIABLE] !== '1' && env[VARIABLE] !== 'true') throw telemetryIsOn();
}

const telemetryIsOn = (): AttuneError =>
  new AttuneError('E_BACKEND_UNAVAILABLE', 'The telemetry of onnxruntime-node cannot be turned off in this worker.', {
    field: VARIABLE,
    hint: `Set process.env.${VARIABLE} = '1' in the main thread before it starts the worker.`,
  });
