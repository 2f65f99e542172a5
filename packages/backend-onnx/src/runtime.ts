/** The part of ONNX Runtime's JavaScript interface that the backend uses; onnxruntime-node and -web both have it. */
import type { DType } from '@attune/ir';
import type { InferenceSession, Tensor } from 'onnxruntime-common';

export interface Runtime {
  /** The npm package. */
  readonly packageName: 'onnxruntime-node' | 'onnxruntime-web';
  readonly version: string;
  /** `cpu` or `wasm`. */
  readonly device: string;
  /** Whether a run writes into the output tensors that it is given; otherwise it returns new ones. */
  readonly writesInPlace: boolean;
  /** Whether a run can be kept from copying its results, see unconverted-results.ts. */
  readonly leavesResults: boolean;
  /** Threads that one run uses. */
  readonly threads: number;
  createSession(model: Uint8Array, options?: SessionOptions): Promise<InferenceSession>;
  createTensor(dtype: OnnxDType, data: Tensor.DataType, shape: readonly number[]): Tensor;
}

interface SessionOptions {
  /** Keep the memory of a run for the next one (default true): the faster, where only few sessions do so. */
  readonly keepsMemory?: boolean;
}

/** The dtypes that tensors may have outside a graph. */
export type OnnxDType = Extract<DType, 'f32' | 'i32' | 'u32' | 'u8' | 'bool'>;

export const runtimeType = {
  f32: 'float32',
  i32: 'int32',
  u32: 'uint32',
  u8: 'uint8',
  bool: 'bool',
} as const satisfies Record<OnnxDType, Tensor.Type>;

export const isOnnxDType = (dtype: DType): dtype is OnnxDType => dtype in runtimeType;

export type { InferenceSession, Tensor };
