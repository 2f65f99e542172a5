/** The two flavours that compute on graphics hardware in browsers. */
import { type Flavour, loadCore, loadPeer, plainTarget, registered, unavailable } from './flavour.js';

export const webgpu: Flavour = {
  name: 'webgpu',
  device: 'webgpu',
  async load() {
    const packageName = '@tensorflow/tfjs-backend-webgpu';
    if (!globalThis.navigator || !('gpu' in globalThis.navigator)) {
      throw unavailable('This runtime has no WebGPU.', 'webgpu', 'Use a browser that has it.');
    }
    const core = await loadCore();
    await loadPeer(packageName, () => import('@tensorflow/tfjs-backend-webgpu'));
    return registered(core, packageName, {
      flavour: 'webgpu',
      backendName: 'webgpu',
      device: 'webgpu',
      isAccelerator: true,
      target: plainTarget,
    });
  },
};

/** WebGL in 32 bits; its integers are floats, exact up to 2^24. */
export const webgl: Flavour = {
  name: 'webgl',
  device: 'webgl',
  async load() {
    const packageName = '@tensorflow/tfjs-backend-webgl';
    if (!('WebGL2RenderingContext' in globalThis)) {
      throw unavailable('This runtime has no WebGL 2.', 'webgl', 'Use a browser that has it.');
    }
    const core = await loadCore();
    await loadPeer(packageName, () => import('@tensorflow/tfjs-backend-webgl'));
    const runtime = await registered(core, packageName, {
      flavour: 'webgl',
      backendName: 'webgl',
      device: 'webgl',
      isAccelerator: true,
      target: plainTarget,
    });
    if (runtime.backend.floatPrecision() !== 32) {
      throw unavailable('WebGL computes in 16 bits here.', 'webgl', 'Use tfjs({ flavour: "wasm" }).');
    }
    return runtime;
  },
};
