import {
  AttuneError,
  type Buffer,
  elementCount,
  formatType,
  type HostTensor,
  hostArrayOf,
  type TensorType,
} from '@attune/ir';
import { isOnnxDType, type Runtime, type Tensor } from './runtime.js';
import { Storage } from './storage.js';
import type { StoragePool } from './storage-pool.js';

/** A tensor that ONNX Runtime reads and writes in place. Its storage goes back to the pool when it is deleted. */
export class OnnxBuffer implements Buffer {
  readonly type: TensorType;
  readonly #pool: StoragePool;
  #storage: Storage | undefined;

  /** @param storage taken over from another buffer; from the pool by default */
  constructor(pool: StoragePool, type: TensorType, storage = pool.take(type)) {
    this.type = type;
    this.#pool = pool;
    this.#storage = storage;
  }

  get deleted(): boolean {
    return this.#storage === undefined;
  }

  /** The tensor over all elements, or over `count` of them from `start`. @throws AttuneError `E_BUFFER_DELETED` */
  tensor(start?: number, count?: number): Tensor {
    return this.#live().tensor(start, count);
  }

  /** @throws AttuneError `E_BUFFER_DELETED` */
  get data(): HostTensor['data'] {
    return this.#live().data;
  }

  /** A buffer that takes the storage over from this one, which is deleted. @throws AttuneError `E_BUFFER_DELETED` */
  handOver(): OnnxBuffer {
    const storage = this.#live();
    this.#storage = undefined;
    return new OnnxBuffer(this.#pool, this.type, storage);
  }

  [Symbol.dispose](): void {
    if (!this.#storage) return;
    this.#pool.give(this.type, this.#storage);
    this.#storage = undefined;
  }

  #live(): Storage {
    if (this.#storage) return this.#storage;
    throw new AttuneError('E_BUFFER_DELETED', `A buffer ${formatType(this.type)} was donated or disposed of.`);
  }
}

/** New storage for a tensor. @throws AttuneError `E_UNSUPPORTED_PROGRAM` for dtypes that ONNX Runtime does not take. */
export function allocate(runtime: Runtime, { shape, dtype }: TensorType): Storage {
  if (!isOnnxDType(dtype)) {
    throw new AttuneError('E_UNSUPPORTED_PROGRAM', `The ONNX backend has no ${dtype} tensors.`, { field: dtype });
  }
  return new Storage(runtime, dtype, shape, new hostArrayOf[dtype](elementCount(shape)));
}

/** A buffer over a tensor of the caller's, which only reads it. @throws AttuneError as `allocate` */
export function borrow(runtime: Runtime, pool: StoragePool, { type, data }: HostTensor): OnnxBuffer {
  const { shape, dtype } = type;
  if (!isOnnxDType(dtype)) {
    throw new AttuneError('E_UNSUPPORTED_PROGRAM', `The ONNX backend has no ${dtype} tensors.`, { field: dtype });
  }
  return new OnnxBuffer(pool, type, pool.adopt(type, new Storage(runtime, dtype, shape, data)));
}
