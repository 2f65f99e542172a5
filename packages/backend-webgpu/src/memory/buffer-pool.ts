/** Recycles the memory of deleted buffers, so that a training step allocates nothing. The queue keeps uses in order. */
import type { MemoryStats } from '@attune/ir';
import { type DeviceErrors, memoryError } from '../device/device-errors.js';
import { bufferUsage } from '../device/usage.js';

const USAGE = bufferUsage.storage | bufferUsage.copySource | bufferUsage.copyTarget;

/** A GPU buffer, or the part of one that begins at `offset`. */
export interface Memory {
  readonly buffer: GPUBuffer;
  /** In bytes. */
  readonly offset: number;
  /** A multiple of 16. */
  readonly bytes: number;
}

export class BufferPool {
  readonly #device: GPUDevice;
  readonly #errors: DeviceErrors;
  readonly #free = new Map<number, GPUBuffer[]>();
  /** How many parts of a buffer are taken. */
  readonly #parts = new Map<GPUBuffer, number>();
  #liveBytes = 0;
  #peakBytes = 0;
  #count = 0;

  constructor(device: GPUDevice, errors: DeviceErrors) {
    this.#device = device;
    this.#errors = errors;
  }

  /** A buffer of at least `bytes`. Its content is undefined. @throws AttuneError `E_DEVICE_MEMORY` */
  take(bytes: number): Memory {
    return this.takeParts([{ offset: 0, bytes }], bytes)[0]!;
  }

  /**
   * Parts of one buffer, each of at least its bytes.
   * @param total of the buffer
   * @throws AttuneError `E_DEVICE_MEMORY`
   */
  takeParts(parts: readonly { readonly offset: number; readonly bytes: number }[], total: number): readonly Memory[] {
    const needed = Math.max(16, Math.ceil(total / 16) * 16);
    const size = Math.max(needed, Math.min(sizeClass(needed), this.#device.limits.maxBufferSize));
    const buffer = this.#free.get(size)?.pop() ?? this.#allocate(size);
    this.#parts.set(buffer, parts.length);
    return parts.map(({ offset, bytes }) => {
      const memory = { buffer, offset, bytes: Math.max(16, Math.ceil(bytes / 16) * 16) };
      this.#count++;
      this.#liveBytes += memory.bytes;
      this.#peakBytes = Math.max(this.#peakBytes, this.#liveBytes);
      return memory;
    });
  }

  /** How many parts of the buffer are in use. */
  partsOf(buffer: GPUBuffer): number {
    return this.#parts.get(buffer) ?? 0;
  }

  give({ buffer, bytes }: Memory): void {
    this.#count--;
    this.#liveBytes -= bytes;
    const others = this.partsOf(buffer) - 1;
    this.#parts.set(buffer, others);
    if (others > 0) return;
    this.#parts.delete(buffer);
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
  const unit = Math.max(16, 2 ** (Math.floor(Math.log2(bytes)) - 3));
  return Math.ceil(bytes / unit) * unit;
}
