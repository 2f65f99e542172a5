/** How long kernels take, by the device's clock: each runs in a pass of its own, between two timestamps. */
import { bufferUsage, MAP_READ } from '../device/usage.js';

/** The most timestamps of one set; kernels beyond them are not measured. */
const TIMESTAMPS = 4096;
const BYTES = 8;

export class Timings {
  readonly #set: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  readonly #staging: GPUBuffer;
  readonly #count: number;

  /** @param device with the feature `timestamp-query` */
  constructor(device: GPUDevice, kernels: number) {
    this.#count = Math.min(2 * kernels, TIMESTAMPS);
    const size = this.#count * BYTES;
    this.#set = device.createQuerySet({ type: 'timestamp', count: this.#count });
    this.#resolved = device.createBuffer({ size, usage: bufferUsage.queryResolve | bufferUsage.copySource });
    this.#staging = device.createBuffer({ size, usage: bufferUsage.copyTarget | bufferUsage.mapRead });
  }

  /** The pass of a kernel, by its number. */
  passOf(kernel: number): GPUComputePassDescriptor {
    const begin = 2 * kernel;
    if (begin >= this.#count) return {};
    return {
      timestampWrites: { querySet: this.#set, beginningOfPassWriteIndex: begin, endOfPassWriteIndex: begin + 1 },
    };
  }

  /** Ends what is measured. */
  resolve(encoder: GPUCommandEncoder): void {
    encoder.resolveQuerySet(this.#set, 0, this.#count, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#staging, 0, this.#count * BYTES);
  }

  /** Microseconds by kernel, after the submission. Frees what was used. */
  async microseconds(): Promise<readonly number[]> {
    await this.#staging.mapAsync(MAP_READ);
    const stamps = new BigUint64Array(this.#staging.getMappedRange().slice(0));
    for (const used of [this.#set, this.#resolved, this.#staging]) used.destroy();
    return Array.from(
      { length: stamps.length / 2 },
      (_, kernel) => Number(stamps[2 * kernel + 1]! - stamps[2 * kernel]!) / 1000,
    );
  }
}
