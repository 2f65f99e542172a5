/** Matrices of few bits a weight, in the layouts of their files: what the quantized composites share. */
import { expectDType, shapeError } from '../shape.js';
import { elementCount, sameShape, type TensorType } from '../tensor.js';

/** Of GGUF files; llama.cpp's names in lower case. */
export type GgufFormat = 'q4_0' | 'q4_1' | 'q5_0' | 'q5_1' | 'q8_0' | 'q4_k' | 'q5_k' | 'q6_k';

export type QuantizedMatrix = {
  /**
   * - `int8`: two inputs, codes and scales; a code is a byte, 128 added to a signed number; a weight is that number times the
   *   scale of its row.
   * - `nf4`: two inputs, codes and scales; byte i has weight 2i in its high half and weight 2i + 1 in its low half, rows
   *   follow each other without a gap; a weight is NF4_LEVELS[code] scale (bitsandbytes; Dettmers et al. 2023).
   * - formats of GGUF: one input of bytes, blocks as llama.cpp's ggml has them (gguf-decoders.ts).
   *
   * A scale f16 that is not finite makes its weights NaN.
   */
  readonly format: GgufFormat | 'nf4' | 'int8';
  /** [rows, width]. */
  readonly shape: readonly [rows: number, width: number];
  /** Weights that share a scale: the width in `int8`; in GGUF's formats those of a block, a whole number of which a row has. */
  readonly block: number;
};

export type QuantizedMatmulAttributes = QuantizedMatrix & {
  /** False: x [..., width] to [..., rows], the product with W^T. True: x [..., rows] to [..., width], that with W. */
  readonly transposed: boolean;
};

/** Weights of one block, and its bytes. */
export const ggufBlocks: Readonly<Record<GgufFormat, { readonly weights: number; readonly bytes: number }>> = {
  q4_0: { weights: 32, bytes: 18 },
  q4_1: { weights: 32, bytes: 20 },
  q5_0: { weights: 32, bytes: 22 },
  q5_1: { weights: 32, bytes: 24 },
  q8_0: { weights: 32, bytes: 34 },
  q4_k: { weights: 256, bytes: 144 },
  q5_k: { weights: 256, bytes: 176 },
  q6_k: { weights: 256, bytes: 210 },
};

/** The 16 values of a 4-bit normal float. */
export const NF4_LEVELS: readonly number[] = [
  -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
  -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
  0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1,
];

/**
 * The shape rule of a matrix's inputs: bytes u8 [rows, bytes of a row] of GGUF; codes u8 [bytes] of NF4 or [rows, width] of
 * int8, and scales f32 [blocks]. @throws AttuneError `E_SHAPE`
 */
export function expectQuantized(
  op: string,
  matrix: readonly TensorType[],
  { format, shape, block }: QuantizedMatrix,
  inputs: readonly TensorType[],
): void {
  const [rows, width] = shape;
  const [data, scales] = matrix;
  if (!data) throw shapeError(op, 'takes the bytes of a matrix', inputs);
  expectDType(op, data, ['u8'], inputs);
  if (format === 'nf4' || format === 'int8') {
    const count = elementCount(shape);
    const codes = format === 'nf4' ? [Math.ceil(count / 2)] : shape;
    const blocks = [Math.ceil(count / block)];
    const fits =
      matrix.length === 2 &&
      sameShape(data.shape, codes) &&
      sameShape(scales!.shape, blocks) &&
      (format === 'nf4' || block === width);
    if (!fits) throw shapeError(op, `${format} of [${shape}] takes codes and a scale for each ${block}`, inputs);
    expectDType(op, scales!, ['f32'], inputs);
    return;
  }
  const { weights, bytes } = ggufBlocks[format];
  const row = (width / weights) * bytes;
  if (matrix.length !== 1 || block !== weights || width % block !== 0 || !sameShape(data.shape, [rows, row])) {
    throw shapeError(op, `${format} of [${shape}] takes blocks of ${weights} weights, [${rows}, ${row}] bytes`, inputs);
  }
}
