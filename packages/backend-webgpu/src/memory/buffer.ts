import { AttuneError, type Buffer, formatType, type TensorType } from '@attune/ir';
import type { BufferPool } from './buffer-pool.js';
import type { Memory } from './memory.js';

/** A tensor in the memory of a WebGPU device; the memory goes back to the pool when it is deleted. */
export class WebgpuBuffer implements Buffer {
  readonly type: TensorType;
  readonly #pool: BufferPool;
  #memory: Memory | undefined;

  constructor(pool: BufferPool, type: TensorType, memory: Memory) {
    this.type = type;
    this.#pool = pool;
    this.#memory = memory;
  }

  get deleted(): boolean {
    return this.#memory === undefined;
  }

  isOf(pool: BufferPool): boolean {
    return this.#pool === pool;
  }

  /** @throws AttuneError `E_BUFFER_DELETED` */
  get memory(): Memory {
    if (this.#memory) return this.#memory;
    throw new AttuneError('E_BUFFER_DELETED', `A buffer ${formatType(this.type)} was donated or disposed of.`);
  }

  /** Deletes the buffer and hands its memory over. */
  release(): Memory {
    const { memory } = this;
    this.#memory = undefined;
    return memory;
  }

  [Symbol.dispose](): void {
    if (this.#memory) this.#pool.give(this.release());
  }
}
