import type { Backend } from '@attune/ir';
import * as z from 'zod/mini';

/** `auto` is WebGPU where there is an adapter. */
export const backendChoice = z.enum(['auto', 'webgpu', 'onnx']);

export type BackendChoice = z.infer<typeof backendChoice>;

/** A backend of the browser; only the one that computes is loaded. */
export async function openBackend(name: BackendChoice): Promise<Backend & { readonly name: 'webgpu' | 'onnx' }> {
  if (name !== 'onnx') {
    const { webgpu } = await import('@attune/backend-webgpu');
    const backend = webgpu();
    const [device] = await backend.probe();
    if (name === 'webgpu' || device?.available) return { ...backend, name: 'webgpu' };
  }
  const { onnx } = await import('@attune/backend-onnx');
  return { ...onnx({ runtime: 'web' }), name: 'onnx' };
}
