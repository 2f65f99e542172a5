import { type Flavour, loadCore, loadPeer, plainTarget, registered } from './flavour.js';

const packageName = '@tensorflow/tfjs-backend-wasm';

/** WebAssembly with SIMD: one thread in Node; several in pages that are cross-origin isolated. */
export const wasm: Flavour = {
  name: 'wasm',
  device: 'wasm',
  async load({ wasmPaths }) {
    const core = await loadCore();
    const { setWasmPaths } = await loadPeer(packageName, () => import('@tensorflow/tfjs-backend-wasm'));
    if (wasmPaths !== undefined) setWasmPaths(wasmPaths);
    return registered(core, packageName, {
      flavour: 'wasm',
      backendName: 'wasm',
      device: 'wasm',
      isAccelerator: false,
      target: { ...plainTarget, extremesDropNaN: true },
    });
  },
};
