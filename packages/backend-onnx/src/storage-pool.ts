/** Recycles the memory of deleted buffers, so that a training step allocates nothing: donated state ping-pongs. */
import { byteLength, formatType, type MemoryStats, type TensorType } from '@attune/ir';
import type { Storage } from './storage.js';

export class StoragePool {
  readonly #allocate: (type: TensorType) => Storage;
  readonly #free = new Map<string, Storage[]>();
  #liveBytes = 0;
  #peakBytes = 0;
  #count = 0;

  constructor(allocate: (type: TensorType) => Storage) {
    this.#allocate = allocate;
  }

  take(type: TensorType): Storage {
    const storage = this.#free.get(formatType(type))?.pop() ?? this.#allocate(type);
    this.#count++;
    this.#liveBytes += byteLength(type);
    this.#peakBytes = Math.max(this.#peakBytes, this.#liveBytes);
    return storage;
  }

  give(type: TensorType, storage: Storage): void {
    this.#count--;
    this.#liveBytes -= byteLength(type);
    const key = formatType(type);
    const free = this.#free.get(key);
    if (free) free.push(storage);
    else this.#free.set(key, [storage]);
  }

  /** Live buffers only; recycled memory is not counted. */
  stats(): MemoryStats {
    return { liveBytes: this.#liveBytes, peakBytes: this.#peakBytes, bufferCount: this.#count };
  }

  clear(): void {
    this.#free.clear();
  }
}
