/** Recycles the memory of deleted buffers, so that a training step allocates nothing. The queue keeps uses in order. */
import type { MemoryStats } from '@attune/ir';
import type { DeviceErrors } from '../device/device-errors.js';
import { bufferUsage } from '../device/usage.js';
import type { Memory, Segment } from './memory.js';

const USAGE = bufferUsage.storage | bufferUsage.copySource | bufferUsage.copyTarget;

export class BufferPool {
  readonly #device: GPUDevice;
  readonly #errors: DeviceErrors;
  readonly #segmentBytes: number;
  readonly #free = new Map<number, GPUBuffer[]>();
  /** How many parts of a buffer are taken. */
  readonly #parts = new Map<GPUBuffer, number>();
  #liveBytes = 0;
  #peakBytes = 0;
  #count = 0;

  /** @param segmentBytes the most bytes of a buffer */
  constructor(device: GPUDevice, errors: DeviceErrors, segmentBytes: number) {
    this.#device = device;
    this.#errors = errors;
    this.#segmentBytes = segmentBytes;
  }

  /** Memory of at least `bytes`. Its content is undefined. */
  take(bytes: number): Memory {
    const segmentAt = (start: number) => this.#segment(Math.min(bytes - start, this.#segmentBytes));
    const first = segmentAt(0);
    const others: Segment[] = [];
    for (let start = this.#segmentBytes; start < bytes; start += this.#segmentBytes) others.push(segmentAt(start));
    return this.#counted([first, ...others]);
  }

  /**
   * Parts of one buffer, each of at least its bytes.
   * @param total of the buffer, which is not larger than one may be
   */
  takeParts(parts: readonly { readonly offset: number; readonly bytes: number }[], total: number): readonly Memory[] {
    const buffer = this.#buffer(total);
    this.#parts.set(buffer, parts.length);
    return parts.map(({ offset, bytes }) => this.#counted([{ buffer, offset, bytes: padded(bytes) }]));
  }

  /** How many parts of the buffer are in use. */
  partsOf(buffer: GPUBuffer): number {
    return this.#parts.get(buffer) ?? 0;
  }

  give({ segments, bytes }: Memory): void {
    this.#count--;
    this.#liveBytes -= bytes;
    for (const { buffer } of segments) this.#release(buffer);
  }

  #release(buffer: GPUBuffer): void {
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

  #segment(bytes: number): Segment {
    const buffer = this.#buffer(bytes);
    this.#parts.set(buffer, 1);
    return { buffer, offset: 0, bytes: padded(bytes) };
  }

  #counted(segments: Memory['segments']): Memory {
    const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
    this.#count++;
    this.#liveBytes += bytes;
    this.#peakBytes = Math.max(this.#peakBytes, this.#liveBytes);
    return { segments, bytes };
  }

  #buffer(bytes: number): GPUBuffer {
    const size = Math.max(padded(bytes), Math.min(sizeClass(padded(bytes)), this.#device.limits.maxBufferSize));
    const create = () => this.#device.createBuffer({ size, usage: USAGE });
    return this.#free.get(size)?.pop() ?? this.#errors.allocate(size, create);
  }
}

const padded = (bytes: number): number => Math.max(16, Math.ceil(bytes / 16) * 16);

/** Eight sizes between powers of two, 16 bytes at least. */
function sizeClass(bytes: number): number {
  const unit = Math.max(16, 2 ** (Math.floor(Math.log2(bytes)) - 3));
  return Math.ceil(bytes / unit) * unit;
}
