/** Copies between host and device. */
import { byteLength, type HostTensor, hostArrayOf, type TensorType } from '@attune/ir';
import { bufferUsage, MAP_READ } from '../device/usage.js';
import type { Memory } from './buffer-pool.js';

/** WebGPU copies whole words. */
export const wholeWords = (bytes: number): number => Math.ceil(bytes / 4) * 4;

export function writeTensor(device: GPUDevice, { buffer, offset }: Memory, { data }: HostTensor): void {
  device.queue.writeBuffer(buffer, offset, wordsOf(data));
}

/** The bytes of an array, in whole words. */
export function wordsOf(data: HostTensor['data']): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (bytes.buffer instanceof ArrayBuffer && bytes.length % 4 === 0) {
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  const padded = new Uint8Array(wholeWords(bytes.length));
  padded.set(bytes);
  return padded;
}

/** Bytes up to which a buffer that the host can read is kept for the next time. */
const KEPT_BYTES = 2 ** 16;

export class Downloads {
  readonly #device: GPUDevice;
  readonly #free = new Map<number, GPUBuffer[]>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** The content of device memory at this point of the queue. */
  async read(source: Memory, type: TensorType): Promise<HostTensor> {
    const bytes = byteLength(type);
    const ArrayClass = hostArrayOf[type.dtype];
    if (bytes === 0) return { type, data: new ArrayClass(0) };
    const size = wholeWords(bytes);
    const staging = this.#take(size);
    const encoder = this.#device.createCommandEncoder();
    encoder.copyBufferToBuffer(source.buffer, source.offset, staging, 0, size);
    this.#device.queue.submit([encoder.finish()]);
    await staging.mapAsync(MAP_READ, 0, size);
    const copy = staging.getMappedRange(0, size).slice(0, bytes);
    staging.unmap();
    this.#give(staging);
    return { type, data: new ArrayClass(copy) };
  }

  clear(): void {
    for (const buffers of this.#free.values()) for (const buffer of buffers) buffer.destroy();
    this.#free.clear();
  }

  #take(size: number): GPUBuffer {
    const usage = bufferUsage.mapRead | bufferUsage.copyTarget;
    return this.#free.get(size)?.pop() ?? this.#device.createBuffer({ size, usage });
  }

  #give(staging: GPUBuffer): void {
    if (staging.size > KEPT_BYTES) {
      staging.destroy();
      return;
    }
    const free = this.#free.get(staging.size);
    if (free) free.push(staging);
    else this.#free.set(staging.size, [staging]);
  }
}
