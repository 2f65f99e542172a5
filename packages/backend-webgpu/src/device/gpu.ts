/// <reference types="@webgpu/types" />
/** Where WebGPU comes from: the browser, a worker of it, or the package `webgpu` in Node. */
import { AttuneError } from '@attune/ir';

/** @throws AttuneError `E_BACKEND_UNAVAILABLE` with what is missing */
export async function findGpu(): Promise<GPU> {
  const own = globalThis.navigator?.gpu;
  if (own) return own;
  if (globalThis.process?.versions?.node !== undefined) return nodeGpu();
  throw new AttuneError('E_BACKEND_UNAVAILABLE', 'This browser has no WebGPU (navigator.gpu).', {
    field: 'navigator.gpu',
    hint: 'WebGPU needs a recent browser and a page that is served by https or from localhost.',
  });
}

/** Dawn. What it returns has to be referenced as long as it is used, or Node ends while it works; and dropped after. */
async function nodeGpu(): Promise<GPU> {
  // Not a literal, so that bundlers for browsers do not look for it.
  const name = 'webgpu';
  try {
    const dawn: typeof import('webgpu') = await import(/* @vite-ignore */ name);
    return dawn.create([]);
  } catch (cause) {
    throw new AttuneError('E_BACKEND_UNAVAILABLE', 'The package webgpu cannot be loaded.', {
      field: 'webgpu',
      hint: 'npm install webgpu@0.6',
      cause,
    });
  }
}
