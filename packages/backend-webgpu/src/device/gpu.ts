/// <reference types="@webgpu/types" />
/** Where WebGPU comes from: the browser, a worker of it, or the package `webgpu` in Node. */
import { AttuneError } from '@attune/ir';

/** @throws AttuneError `E_BACKEND_UNAVAILABLE` with what is missing */
export async function findGpu(): Promise<GPU> {
  const own = globalThis.navigator?.gpu;
  if (own) return own;
  if (globalThis.process?.versions?.node !== undefined) {
    const { nodeGpu } = await import('./node-gpu.js');
    return nodeGpu();
  }
  throw new AttuneError('E_BACKEND_UNAVAILABLE', 'This browser has no WebGPU (navigator.gpu).', {
    field: 'navigator.gpu',
    hint: 'WebGPU needs a recent browser and a page that is served by https or from localhost.',
  });
}
