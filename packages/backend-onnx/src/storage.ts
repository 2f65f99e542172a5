import type { HostTensor } from '@attune/ir';
import type { OnnxDType, Runtime, Tensor } from './runtime.js';

/** Host memory, and ONNX Runtime's tensors over it and over its parts. */
export class Storage {
  readonly data: HostTensor['data'];
  readonly #whole: Tensor;
  readonly #partOf: (start: number, count: number) => Tensor;
  readonly #parts = new Map<string, Tensor>();

  constructor(runtime: Runtime, dtype: OnnxDType, shape: readonly number[], data: HostTensor['data']) {
    this.data = data;
    this.#whole = runtime.createTensor(dtype, data, shape);
    this.#partOf = (start, count) => runtime.createTensor(dtype, data.subarray(start, start + count), [count]);
  }

  /** All elements, or `count` of them from `start` as a tensor [count]. */
  tensor(start?: number, count?: number): Tensor {
    if (start === undefined || count === undefined) return this.#whole;
    const key = `${start}+${count}`;
    const part = this.#parts.get(key) ?? this.#partOf(start, count);
    this.#parts.set(key, part);
    return part;
  }
}
