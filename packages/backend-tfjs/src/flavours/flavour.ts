import { AttuneError } from '@attune/ir';
import type { Target } from '../lowering/plan.js';
import type { Core, FlavourName, Runtime } from '../runtime.js';

/** One way to have TensorFlow.js. */
export interface Flavour {
  readonly name: FlavourName;
  /** The device that it computes on: `cuda`, `cpu`, `webgpu`, `webgl`, `wasm` or `javascript`. */
  readonly device: string;
  /** @throws AttuneError `E_BACKEND_UNAVAILABLE` with the one command that helps */
  load(options: FlavourOptions): Promise<Runtime>;
}

export interface FlavourOptions {
  /** Where the .wasm files of @tensorflow/tfjs-backend-wasm lie. */
  readonly wasmPaths?: string;
  /** Threads of one kernel of native TensorFlow; all cores by default. The first start in a process decides. */
  readonly threads?: number;
}

/** The kernels of TensorFlow.js as its documentation has them. */
export const plainTarget: Target = { native: false, extremesDropNaN: false };

/** Loads an optional peer. @throws AttuneError `E_BACKEND_UNAVAILABLE` where it is not installed or does not load */
export async function loadPeer<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw unavailable(`The package ${name} cannot be loaded.`, name, `npm install ${name}@4.22`, cause);
  }
}

export const loadCore = (): Promise<Core> => loadPeer('@tensorflow/tfjs-core', () => import('@tensorflow/tfjs-core'));

export const unavailable = (message: string, field: string, hint: string, cause?: unknown): AttuneError =>
  new AttuneError('E_BACKEND_UNAVAILABLE', message, { field, hint, cause });

/** The runtime of a backend that its package has registered. @throws AttuneError `E_BACKEND_UNAVAILABLE` */
export async function registered(
  core: Core,
  packageName: string,
  description: Pick<Runtime, 'flavour' | 'backendName' | 'device' | 'isAccelerator' | 'target'>,
): Promise<Runtime> {
  const { backendName } = description;
  const started = await core.setBackend(backendName).catch((cause: unknown) => {
    throw notStarted(packageName, cause);
  });
  const backend = core.findBackend(backendName);
  if (!started || !backend) throw notStarted(packageName);
  return { ...description, versions: { [packageName]: core.version_core }, core, backend };
}

const notStarted = (packageName: string, cause?: unknown): AttuneError =>
  unavailable(`${packageName} does not start here.`, packageName, 'attune backends lists what does.', cause);
