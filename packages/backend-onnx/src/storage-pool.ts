/** Recycles the memory of deleted buffers, so that a training step allocates nothing: donated state ping-pongs. */
import { byteLength, formatType, type MemoryStats, type TensorType } from '@attune/ir';
import type { Storage } from './storage.js';

export class StoragePool {
  readonly #allocate: (type: TensorType) => Storage;
  readonly #free = new Map<string, Storage[]>();
  /** Memory of others. */
  readonly #adopted = new WeakSet<Storage>();
  #liveBytes = 0;
  #peakBytes = 0;
  #count = 0;

  constructor(allocate: (type: TensorType) => Storage) {
    this.#allocate = allocate;
  }

  take(type: TensorType): Storage {
    const storage = this.#free.get(formatType(type))?.pop() ?? this.#allocate(type);
    this.#counted(type);
    return storage;
  }

  /** Takes memory in that is never recycled, since it is not the pool's own. */
  adopt(type: TensorType, storage: Storage): Storage {
    this.#adopted.add(storage);
    this.#counted(type);
    return storage;
  }

  #counted(type: TensorType): void {
    this.#count++;
    this.#liveBytes += byteLength(type);
    this.#peakBytes = Math.max(this.#peakBytes, this.#liveBytes);
  }

  give(type: TensorType, storage: Storage): void {
    this.#count--;
    this.#liveBytes -= byteLength(type);
    if (this.#adopted.has(storage)) return;
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
