import { type Backend, type DeviceInfo, isAttuneError } from '@attune/ir';
import { type AdapterOptions, describeAdapter, requestAdapter, requestDevice } from './device/adapter.js';
import { findGpu } from './device/gpu.js';
import { WebgpuDevice } from './device/webgpu-device.js';
import type { ProgramTrace } from './execution/trace.js';
import { isSoftware, type Tuning, tuningFor } from './schedule/tuning.js';
import type { TuningCache } from './tuning/tuning-cache.js';

export interface WebgpuOptions extends AdapterOptions {
  /** WebGPU's entry; by default `navigator.gpu`, or the package `webgpu` in Node. */
  readonly gpu?: GPU;
  /**
   * Takes, for every program after its first run, its kernels with bytes, estimated operations and, where the device has a
   * clock, microseconds. By default they are printed to stderr where the environment has `ATTUNE_TRACE=1`.
   */
  readonly trace?: (trace: ProgramTrace) => void;
  /** What is known better than by the adapter's name. */
  readonly tuning?: Partial<Omit<Tuning, 'groupLoop'>>;
  /**
   * Whether `open` measures how matrix products are best cut up, once for an adapter: some tenths of a second. By default
   * on GPUs, and not on adapters that compute on the CPU. Results are the same, but for rounding.
   */
  readonly autotune?: boolean;
  /** Where what was measured is kept for the next time, such as `localStorage`. Nowhere by default. */
  readonly tuningCache?: TuningCache;
}

/** Trains and runs programs on WebGPU: in browsers and their workers, and in Node by the package `webgpu`. */
export function webgpu(options: WebgpuOptions = {}): Backend {
  return {
    name: 'webgpu',
    async probe() {
      try {
        return [describeAdapter(await requestAdapter(options.gpu ?? (await findGpu()), options))];
      } catch (error) {
        return [absent(error)];
      }
    },
    async open({ signal } = {}) {
      signal?.throwIfAborted();
      const gpu = options.gpu ?? (await findGpu());
      const adapter = await requestAdapter(gpu, options);
      signal?.throwIfAborted();
      const device = await requestDevice(adapter, options);
      const base = { ...tuningFor(adapter, device, await subgroupSize(device, adapter)), ...options.tuning };
      const tuning = await withTiles(base, device, adapter, options);
      const trace = options.trace ?? (await traceOfEnvironment());
      return new WebgpuDevice(device, describeAdapter(adapter), tuning, trace);
    },
  };
}

/** 1 for devices without subgroups; others are looked at. */
async function subgroupSize(device: GPUDevice, { info }: GPUAdapter): Promise<number> {
  if (!device.features.has('subgroups')) return 1;
  const { subgroupSizeOf } = await import('./device/subgroups.js');
  return subgroupSizeOf(device, info);
}

const measures = ({ autotune, tuning }: WebgpuOptions, { info }: GPUAdapter): boolean =>
  autotune ?? !(isSoftware(info) || tuning?.tiles);

/** The tuning with the tiles that were measured or chosen, and what those of groups take. */
async function withTiles(
  base: Tuning,
  device: GPUDevice,
  adapter: GPUAdapter,
  options: WebgpuOptions,
): Promise<Tuning> {
  if (measures(options, adapter)) {
    const { tuned } = await import('./tuning/autotune.js');
    return tuned(device, adapter.info, base, options.tuningCache);
  }
  if (!options.tuning?.tiles) return base;
  const { groupLoop } = await import('./kernels/product-group.js');
  return { ...base, groupLoop };
}

async function traceOfEnvironment(): Promise<WebgpuOptions['trace']> {
  if (globalThis.process?.env.ATTUNE_TRACE !== '1') return undefined;
  const { printTrace } = await import('./execution/trace.js');
  return (trace) => console.error(printTrace(trace));
}

function absent(error: unknown): DeviceInfo {
  const reason = isAttuneError(error) ? `${error.message} ${error.hint ?? ''}`.trim() : String(error);
  return { backend: 'webgpu', device: 'gpu', available: false, reason, versions: {} };
}
