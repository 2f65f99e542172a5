/** Starts TensorFlow in this process, once: with the binding of attune-tfjs-setup, else with one of tfjs-node's own. */
import { type AttuneError, isAttuneError } from '@attune/ir';
import { loadCore, loadPeer, unavailable } from '../flavours/flavour.js';
import { quietly } from '../flavours/quietly.js';
import type { Core } from '../runtime.js';
import { bindingError, setupCommand } from './binding-error.js';
import type { Variant } from './installation.js';
import { loadBinding } from './load-binding.js';
import { isNativeBackend, type NativeBackend } from './native-backend.js';
import { restoreRemovedUtilities } from './removed-utilities.js';

/** The name under which tfjs-node registers its kernels. */
export const NATIVE_BACKEND = 'tensorflow';

const JAVASCRIPT = '@tensorflow/tfjs-node';

export interface Started {
  readonly core: Core;
  readonly backend: NativeBackend;
}

/**
 * @param threads of one kernel; the first start in a process decides
 * @throws AttuneError `E_BACKEND_UNAVAILABLE` with the command that sets TensorFlow up or repairs it
 */
export async function startTensorFlow(variant: Variant, threads?: number): Promise<Started> {
  prepareProcess(threads);
  const core = await loadCore();
  if (!core.findBackend(NATIVE_BACKEND)) {
    await quietly(core, async () => {
      const isOwn = await registerOwn(core, variant);
      if (!isOwn) await registerPublished(variant);
    });
  }
  await core.setBackend(NATIVE_BACKEND);
  const backend = core.findBackend(NATIVE_BACKEND);
  if (isNativeBackend(backend)) return { core, backend };
  throw unavailable('Something else than tfjs-node is called tensorflow.', 'tensorflow', setupCommand(variant));
}

function prepareProcess(threads: number | undefined): void {
  const { env } = globalThis.process;
  // Without this, TensorFlow tells at every start which instructions it was compiled for.
  env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  // By itself TensorFlow uses oneDNN's kernels on Intel's processors only; on AMD's they take a quarter off a step too.
  env.TF_ENABLE_ONEDNN_OPTS ??= '1';
  if (threads !== undefined) env.TF_NUM_INTRAOP_THREADS ??= String(threads);
  restoreRemovedUtilities(globalThis.process.getBuiltinModule('node:util'));
}

/** The JavaScript of tfjs-node on the binding that the setup compiled; false where there is none. */
async function registerOwn(core: Core, variant: Variant): Promise<boolean> {
  const binding = loadBinding(variant);
  if (!binding) return false;
  const { NodeJSKernelBackend } = await loadPeer(JAVASCRIPT, async () => {
    await import('@tensorflow/tfjs-node/dist/register_all_kernels.js');
    return import('@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js');
  });
  core.registerBackend(NATIVE_BACKEND, () => new NodeJSKernelBackend(binding, JAVASCRIPT));
  return true;
}

/** The package with the binding that its own installer made, where that works. */
async function registerPublished(variant: Variant): Promise<void> {
  try {
    if (variant === 'cuda') await import('@tensorflow/tfjs-node-gpu');
    else await import('@tensorflow/tfjs-node');
  } catch (cause) {
    throw notSetUp(variant, cause);
  }
}

function notSetUp(variant: Variant, cause: unknown): AttuneError {
  if (isAttuneError(cause)) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  if (/Cannot find (package|module) '@tensorflow\/tfjs-node'/.test(message)) {
    return unavailable('The package @tensorflow/tfjs-node is not installed.', JAVASCRIPT, installCommand, cause);
  }
  if (/can not be found|Cannot find/.test(message)) {
    return unavailable('TensorFlow is not set up.', 'tensorflow', setupCommand(variant), cause);
  }
  return bindingError(variant, cause);
}

/** Without tfjs-node's own installer, which fetches a TensorFlow of 2022. */
const installCommand = `npm install --ignore-scripts ${JAVASCRIPT}@4.22`;
