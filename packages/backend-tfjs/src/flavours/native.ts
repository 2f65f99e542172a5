/** TensorFlow itself, in Node: with CUDA or on the CPU. */
import { setupCommand } from '../native/binding-error.js';
import type { Variant } from '../native/installation.js';
import { executeOperator } from '../native/native-backend.js';
import { NATIVE_BACKEND, startTensorFlow } from '../native/start-tensorflow.js';
import type { FlavourName, Runtime } from '../runtime.js';
import { type Flavour, type FlavourOptions, plainTarget, unavailable } from './flavour.js';

export const nativeCuda: Flavour = {
  name: 'node-gpu',
  device: 'cuda',
  async load(options) {
    const runtime = await start('node-gpu', 'cuda', options);
    if (runtime.device === 'cuda') return runtime;
    throw unavailable('TensorFlow finds no CUDA device, or not all of CUDA.', 'cuda', setupCommand('cuda'));
  },
};

export const nativeCpu: Flavour = {
  name: 'node',
  device: 'cpu',
  load: (options) => start('node', 'cpu', options),
};

async function start(flavour: FlavourName, variant: Variant, { threads }: FlavourOptions): Promise<Runtime> {
  if (globalThis.process?.versions?.node === undefined) {
    throw unavailable('Native TensorFlow is for Node.', 'node', 'Use tfjs({ flavour: "webgpu" }).');
  }
  const { core, backend } = await startTensorFlow(variant, threads);
  const device = backend.isUsingGpuDevice ? 'cuda' : 'cpu';
  return {
    flavour,
    backendName: NATIVE_BACKEND,
    device,
    isAccelerator: device === 'cuda',
    target: { ...plainTarget, native: true },
    versions: { tensorflow: backend.binding.TF_Version, '@tensorflow/tfjs-node': core.version_core },
    core,
    backend,
    execute: (operator, attributes, inputs) => executeOperator(backend, operator, attributes, inputs),
  };
}
