/// <reference types="@webgpu/types" />
/** Where WebGPU comes from: the browser, a worker of it, or the package `webgpu` in Node. */
import { AttuneError } from '@attune/ir';

/** @throws AttuneError `E_BACKEND_UNAVAILABLE` with what is missing */
export async function findGpu(): Promise<GPU> {
  const own = globalThis.navigator?.gpu;
  if (own) return own;
  if (globalThis.process?.versions?.node !== undefined) {
    if (!dawn) requireVulkan();
    dawn ??= loadDawn();
    return dawn;
  }
  throw new AttuneError('E_BACKEND_UNAVAILABLE', 'This browser has no WebGPU (navigator.gpu).', {
    field: 'navigator.gpu',
    hint: 'WebGPU needs a recent browser and a page that is served by https or from localhost.',
  });
}

/** One for the process, kept for ever: Dawn crashes where what came from it is collected after it. */
let dawn: Promise<GPU> | undefined;

async function loadDawn(): Promise<GPU> {
  // Not a literal, so that bundlers for browsers do not look for it.
  const name = 'webgpu';
  try {
    const { create }: typeof import('webgpu') = await import(/* @vite-ignore */ name);
    return create([]);
  } catch (cause) {
    dawn = undefined;
    throw new AttuneError('E_BACKEND_UNAVAILABLE', 'The package webgpu cannot be loaded.', {
      field: 'webgpu',
      hint: 'npm install webgpu@0.6',
      cause,
    });
  }
}

/** On Linux Dawn computes by Vulkan alone, and without its loader writes a warning that no listener can catch. */
function requireVulkan(): void {
  const { platform, dlopen } = globalThis.process;
  if (platform !== 'linux') return;
  try {
    dlopen({ exports: {} }, 'libvulkan.so.1');
  } catch (error) {
    // A library that is found is no module of Node, which is another error.
    if (!/cannot open shared object file/.test(String(error))) return;
    throw new AttuneError('E_BACKEND_UNAVAILABLE', 'WebGPU has no adapter here: there is no Vulkan.', {
      field: 'libvulkan.so.1',
      hint: 'Install a Vulkan driver and its loader (libvulkan1); VK_ICD_FILENAMES names the driver.',
      cause: error,
    });
  }
}
