/** Copies between host and device. */
import { byteLength, type HostTensor, hostArrayOf, type TensorType } from '@attune/ir';
import { bufferUsage, MAP_READ } from '../device/usage.js';
import { type Memory, pieces, placeAt } from './memory.js';

/** WebGPU copies whole words. */
export const wholeWords = (bytes: number): number => Math.ceil(bytes / 4) * 4;

export function writeTensor(device: GPUDevice, memory: Memory, { data }: HostTensor): void {
  const bytes = wordsOf(data);
  for (const { start, size } of pieces(memory, bytes.length)) {
    const { buffer, offset } = placeAt(memory, start);
    device.queue.writeBuffer(buffer, offset, bytes, start, size);
  }
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
    const encoder = this.#device.createCommandEncoder();
    const copies = pieces(source, wholeWords(bytes)).map(({ start, size }) => {
      const { buffer, offset } = placeAt(source, start);
      const staging = this.#take(size);
      encoder.copyBufferToBuffer(buffer, offset, staging, 0, size);
      return { staging, start, size };
    });
    this.#device.queue.submit([encoder.finish()]);
    const target = new Uint8Array(bytes);
    for (const { staging, start, size } of copies) {
      await staging.mapAsync(MAP_READ, 0, size);
      target.set(new Uint8Array(staging.getMappedRange(0, size), 0, Math.min(size, bytes - start)), start);
      staging.unmap();
      this.#give(staging);
    }
    return { type, data: new ArrayClass(target.buffer) };
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
