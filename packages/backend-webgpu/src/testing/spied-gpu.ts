/** WebGPU with a view of the device behind a backend, for tests that do things to it. */
import { findGpu } from '../device/gpu.js';

/** A GPU whose devices are handed to `onDevice`. */
export async function spiedGpu(onDevice: (device: GPUDevice) => void): Promise<GPU> {
  const gpu = await findGpu();
  return replacing(gpu, {
    async requestAdapter(options?: GPURequestAdapterOptions) {
      const adapter = await gpu.requestAdapter(options);
      if (!adapter) return null;
      return replacing(adapter, {
        async requestDevice(descriptor?: GPUDeviceDescriptor) {
          const device = await adapter.requestDevice(descriptor);
          onDevice(device);
          return device;
        },
      });
    },
  });
}

export const gpuWithoutAdapter = async (): Promise<GPU> =>
  replacing(await findGpu(), { requestAdapter: async () => null });

/** An object with other methods in front of its own, which keep their `this`. */
function replacing<T extends object>(target: T, methods: Partial<T>): T {
  return new Proxy(target, {
    get(object, name) {
      const own = Reflect.get(methods, name);
      const value = own ?? Reflect.get(object, name, object);
      return typeof value === 'function' && !own ? value.bind(object) : value;
    },
  });
}
