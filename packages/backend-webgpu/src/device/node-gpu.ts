/// <reference types="@webgpu/types" />
/** WebGPU in Node, by the package `webgpu`; no bundle for browsers has this file. */
import { AttuneError } from '@attune/ir';

/** One for the process, kept for ever: Dawn crashes where what came from it is collected after it. */
let dawn: Promise<GPU> | undefined;

/** @throws AttuneError `E_BACKEND_UNAVAILABLE` with what is missing */
export async function nodeGpu(): Promise<GPU> {
  if (!dawn) requireVulkan();
  dawn ??= loadDawn();
  return dawn;
}

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
