import type { GroupLoop } from '../kernels/product-group.js';
import { defaultTiles, sameTile, type TileChoice } from '../kernels/tile.js';

/** What suits an adapter. */
export interface Tuning {
  /** Buffers that one kernel may bind. */
  readonly maxBindings: number;
  /** The most bytes of one binding. */
  readonly maxBindingBytes: number;
  /** The most bytes of one buffer: tensors beyond it lie in several. */
  readonly maxBufferBytes: number;
  /** Threads that may work on one reduction together: a power of two up to 256. */
  readonly maxLanes: number;
  /** Memory for attention scores, logits of a large vocabulary and weights of a quantized matrix, made in such parts. */
  readonly partBytes: number;
  /**
   * How kernels load and store f16: as such, for which the device needs `shader-f16`, or in words. Both round to the same
   * numbers, and compute in f32.
   */
  readonly f16: 'native' | 'emulated';
  /** How many neighbours in a workgroup can at least pass values on to each other: a power of two, 1 without `subgroups`. */
  readonly subgroupSize: number;
  /** How matrix products are cut up, by their kind. */
  readonly tiles: TileChoice;
  /** What writes the loops of tiles by groups. `open` loads it where there are such tiles to choose from. */
  readonly groupLoop?: GroupLoop;
  /**
   * Multiplications from which on a product has a tile that is too large for the registers of a GPU and takes a CPU a second
   * to compile, but half the time to run.
   */
  readonly largeProduct: number;
}

/** Bytes of a value that one binding takes: a multiple of what the offsets of bindings have to be. */
export const windowBytes = ({ maxBindingBytes, maxBufferBytes }: Tuning): number =>
  Math.floor(Math.min(maxBindingBytes, maxBufferBytes) / 256) * 256;

/** Bytes of a value that one buffer has, where it takes several: whole windows. */
export const segmentBytes = (tuning: Tuning): number =>
  Math.floor(tuning.maxBufferBytes / windowBytes(tuning)) * windowBytes(tuning);

/** What a GPU is good at. */
export const gpuTuning: Tuning = {
  maxBindings: 8,
  maxBindingBytes: 2 ** 27,
  maxBufferBytes: 2 ** 28,
  maxLanes: 256,
  partBytes: 2 ** 25,
  f16: 'emulated',
  subgroupSize: 1,
  tiles: defaultTiles,
  largeProduct: Number.POSITIVE_INFINITY,
};

/** On a CPU, threads that wait for each other cost more than they save, to run and to compile. */
export const cpuTuning: Tuning = { ...gpuTuning, maxLanes: 1, largeProduct: 3 * 2 ** 24 };

/** Whether an adapter computes on the CPU. */
export const isSoftware = ({ isFallbackAdapter, architecture }: GPUAdapterInfo): boolean =>
  isFallbackAdapter || architecture === 'swiftshader';

/** The tuning for an adapter, with the bindings and the types that its device has. */
export function tuningFor(
  { info }: Pick<GPUAdapter, 'info'>,
  { limits, features }: Pick<GPUDevice, 'limits' | 'features'>,
  subgroupSize: number,
): Tuning {
  const isOnCpu = isSoftware(info);
  return {
    ...(isOnCpu ? cpuTuning : gpuTuning),
    maxBindings: limits.maxStorageBuffersPerShaderStage,
    maxBindingBytes: limits.maxStorageBufferBindingSize,
    maxBufferBytes: limits.maxBufferSize,
    f16: features.has('shader-f16') ? 'native' : 'emulated',
    subgroupSize,
    // A CPU passes values on for far less than it loads them. GPUs are measured.
    tiles: isOnCpu && subgroupSize >= 4 ? sameTile('8x4 by quads') : defaultTiles,
  };
}
