/** Recycles the memory of deleted buffers, so that a training step allocates nothing. The queue keeps uses in order. */
import type { MemoryStats } from '@attune/ir';
import { type DeviceErrors, memoryError } from '../device/device-errors.js';
import { bufferUsage } from '../device/usage.js';

const USAGE = bufferUsage.storage | bufferUsage.copySource | bufferUsage.copyTarget;

export class BufferPool {
  readonly #device: GPUDevice;
  readonly #errors: DeviceErrors;
  readonly #free = new Map<number, GPUBuffer[]>();
  #liveBytes = 0;
  #peakBytes = 0;
  #count = 0;

  constructor(device: GPUDevice, errors: DeviceErrors) {
    this.#device = device;
    this.#errors = errors;
  }

  /** A buffer of at least `bytes`. Its content is undefined. @throws AttuneError `E_DEVICE_MEMORY` */
  take(bytes: number): GPUBuffer {
    const size = sizeClass(bytes);
    const buffer = this.#free.get(size)?.pop() ?? this.#allocate(size);
    this.#count++;
    this.#liveBytes += buffer.size;
    this.#peakBytes = Math.max(this.#peakBytes, this.#liveBytes);
    return buffer;
  }

  give(buffer: GPUBuffer): void {
    this.#count--;
    this.#liveBytes -= buffer.size;
    const free = this.#free.get(buffer.size);
    if (free) free.push(buffer);
    else this.#free.set(buffer.size, [buffer]);
  }

  /** Destroys what nobody uses. */
  trim(): void {
    for (const buffers of this.#free.values()) for (const buffer of buffers) buffer.destroy();
    this.#free.clear();
  }

  /** Live buffers only; recycled memory is not counted. */
  stats(): MemoryStats {
    return { liveBytes: this.#liveBytes, peakBytes: this.#peakBytes, bufferCount: this.#count };
  }

  #allocate(size: number): GPUBuffer {
    if (size > this.#device.limits.maxBufferSize) throw memoryError(size);
    return this.#errors.allocate(size, () => this.#device.createBuffer({ size, usage: USAGE }));
  }
}

/** Eight sizes between powers of two, 16 bytes at least. */
function sizeClass(bytes: number): number {
  const unit = Math.max(16, 2 ** (Math.floor(Math.log2(Math.max(bytes, 1))) - 3));
  return Math.max(16, Math.ceil(bytes / unit) * unit);
}
