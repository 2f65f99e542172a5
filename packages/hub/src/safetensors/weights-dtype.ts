/** How the weights of a directory are stored. */
import { type HostTensor, isFloat } from '@attune/ir';
import { toFloat16, toFloat32 } from './floats.js';
import { quantizeRows, rowScales, scaleName } from './int8.js';
import { asStored, bytesOf, type StoredTensor, type TensorToWrite } from './stored-tensor.js';

/**
 * `float32` and `float16` are what transformers loads. The 8-bit ones are Attune's own (int8.ts): tensors of two axes or
 * more as int8 with a scale per row; scales and all other tensors are f32 in `int8`, f16 in `int8-float16`.
 */
export type WeightsDType = 'float32' | 'float16' | 'int8' | 'int8-float16';

export const weightsDTypes: readonly WeightsDType[] = ['float32', 'float16', 'int8', 'int8-float16'];

/** The tensors that stand for one in the file: itself, or codes and scales. What is not floating stays as it is. */
export function storedAs(tensor: TensorToWrite, dtype: WeightsDType, file: string): readonly StoredTensor[] {
  const { name, type, load } = tensor;
  const { shape } = type;
  if (!isFloat(type.dtype)) return [asStored(tensor)];
  const isHalf = dtype === 'float16' || dtype === 'int8-float16';
  const convert = isHalf ? toFloat16 : toFloat32;
  const floating = isHalf ? 'F16' : 'F32';
  const single = async (): Promise<HostTensor> => toFloat32(await load(), name, file);
  const isQuantized = (dtype === 'int8' || dtype === 'int8-float16') && shape.length > 1;
  if (!isQuantized) {
    return [{ name, dtype: floating, shape, load: async () => bytesOf(convert(await load(), name, file).data) }];
  }
  const scales = (numbers: HostTensor) => rowScales(numbers, isHalf, name, file);
  return [
    {
      name,
      dtype: 'I8',
      shape,
      async load() {
        const numbers = await single();
        return bytesOf(quantizeRows(numbers, scales(numbers)));
      },
    },
    {
      name: scaleName(name),
      dtype: floating,
      shape: [shape[0]!],
      async load() {
        const data = scales(await single());
        return bytesOf(convert({ type: { shape: [shape[0]!], dtype: 'f32' }, data }, name, file).data);
      },
    },
  ];
}
