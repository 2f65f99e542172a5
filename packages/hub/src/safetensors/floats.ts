/** Floating tensors in other precisions. */
import { AttuneError, fromHalfBits, type HostTensor, hostTensor, toHalfBits } from '@attune/ir';

/** f32, f16 or bf16 as f32. @throws AttuneError `E_TENSOR_DTYPE` for tensors that are not floating */
export function toFloat32(tensor: HostTensor, name: string, file: string): HostTensor {
  const { type, data } = tensor;
  if (type.dtype === 'f32') return tensor;
  if ((type.dtype === 'f16' || type.dtype === 'bf16') && data instanceof Uint16Array) {
    return hostTensor(type.shape, type.dtype === 'bf16' ? fromBfloat(data) : fromHalf(data));
  }
  throw new AttuneError('E_TENSOR_DTYPE', `${file}: tensor "${name}" is ${type.dtype}, a floating tensor is needed.`, {
    file,
    field: name,
  });
}

/**
 * f32, f16 or bf16 as f16, rounded to nearest even: |x - y| <= 2^-11 |x|, or 2^-25 below 2^-14.
 * @throws AttuneError `E_TENSOR_DTYPE` for a number beyond 65504, which f16 does not have, and for tensors that are not
 * floating
 */
export function toFloat16(tensor: HostTensor, name: string, file: string): HostTensor {
  if (tensor.type.dtype === 'f16') return tensor;
  const { type, data } = toFloat32(tensor, name, file);
  const halves = new Uint16Array(data.length);
  for (let index = 0; index < halves.length; index++) {
    const value = data[index]!;
    const half = toHalfBits(value, 'f16');
    if ((half & 0x7fff) === 0x7c00 && Number.isFinite(value)) throw beyondHalf(value, name, file);
    halves[index] = half;
  }
  return hostTensor(type.shape, halves, 'f16');
}

export function beyondHalf(value: number, name: string, file: string): AttuneError {
  return new AttuneError('E_TENSOR_DTYPE', `${file}: tensor "${name}" holds ${value}, f16 goes to 65504.`, {
    file,
    field: name,
    hint: 'Write it as float32.',
  });
}

function fromBfloat(bits: Uint16Array): Float32Array {
  const words = Uint32Array.from(bits, (half) => half << 16);
  return new Float32Array(words.buffer);
}

let halfTable: Float32Array | undefined;

/** By a table of all 65,536 values: a model has millions. */
function fromHalf(bits: Uint16Array): Float32Array {
  halfTable ??= Float32Array.from({ length: 1 << 16 }, (_, half) => fromHalfBits(half, 'f16'));
  const numbers = new Float32Array(bits.length);
  for (let index = 0; index < bits.length; index++) numbers[index] = halfTable[bits[index]!]!;
  return numbers;
}
