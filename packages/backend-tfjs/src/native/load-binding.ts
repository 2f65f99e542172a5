/** Loads the binding that attune-tfjs-setup compiled. */
import type { TFJSBinding } from '@tensorflow/tfjs-node/dist/tfjs_binding.js';
import { unavailable } from '../flavours/flavour.js';
import { bindingError, setupCommand } from './binding-error.js';
import { installationOf, readRecord, type Variant } from './installation.js';

/**
 * The binding of a variant; undefined where it is not set up.
 * @throws AttuneError `E_BACKEND_UNAVAILABLE` where it is broken, or TensorFlow is not the one it was made for
 */
export function loadBinding(variant: Variant): TFJSBinding | undefined {
  const installation = installationOf(variant);
  const record = attempt(variant, () => readRecord(installation));
  if (!record) return undefined;
  const { createRequire } = globalThis.process.getBuiltinModule('node:module');
  const load = createRequire(import.meta.url);
  const binding = attempt(variant, (): TFJSBinding => load(installation.binding));
  if (binding.TF_Version !== record.tensorflow) {
    const problem = `The binding was made for TensorFlow ${record.tensorflow}, ${binding.TF_Version} is there.`;
    throw unavailable(problem, 'tensorflow', setupCommand(variant));
  }
  return binding;
}

function attempt<T>(variant: Variant, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw bindingError(variant, cause);
  }
}
