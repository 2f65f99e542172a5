import type { DType } from '@attune/ir';
import type { TensorProto_DataType } from '../generated/onnx_pb.js';

/** ONNX' numbers of the types: TensorProto.DataType. */
export const onnxType = {
  f32: 1,
  u8: 2,
  i32: 6,
  i64: 7,
  bool: 9,
  f16: 10,
  u32: 12,
  bf16: 16,
} as const satisfies Readonly<Record<DType | 'i64', TensorProto_DataType>>;
