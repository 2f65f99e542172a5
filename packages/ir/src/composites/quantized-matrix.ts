/** Matrices of few bits a weight, in the layouts of their files: what the quantized composites share. */
import { expectDType, shapeError } from '../shape.js';
import { elementCount, sameShape, type TensorType } from '../tensor.js';

/** Of GGUF files; llama.cpp's names in lower case. */
export type GgufFormat = 'q4_0' | 'q4_1' | 'q8_0';

export type QuantizedMatrix = {
  /**
   * - `q4_0`: one input of bytes. A block is a scale f16 and 16 bytes of codes; byte i has weight i in its low half and
   *   weight i + 16 in its high half; a weight is (code - 8) scale.
   * - `q4_1`: as q4_0, with a minimum f16 behind the scale; a weight is code scale + minimum.
   * - `q8_0`: a scale f16 and 32 codes of a signed byte each; a weight is code scale.
   * - `nf4`: two inputs, codes and scales; byte i has weight 2i in its high half and weight 2i + 1 in its low half, rows
   *   follow each other without a gap; a weight is NF4_LEVELS[code] scale (bitsandbytes; Dettmers et al. 2023).
   *
   * A scale f16 that is not finite makes its weights NaN.
   */
  readonly format: GgufFormat | 'nf4';
  /** [rows, width]. */
  readonly shape: readonly [rows: number, width: number];
  /** Weights that share a scale: 32 in GGUF's formats, which need a multiple of it for the width. */
  readonly block: number;
};

/** Bytes of one block. */
export const ggufBlockBytes: Readonly<Record<GgufFormat, number>> = { q4_0: 18, q4_1: 20, q8_0: 34 };

/** The 16 values of a 4-bit normal float. */
export const NF4_LEVELS: readonly number[] = [
  -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
  -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
  0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1,
];

/**
 * The shape rule of a matrix's inputs: bytes u8 [rows, bytes of a row] of GGUF, or codes u8 [bytes] and scales f32 [blocks]
 * of NF4. @throws AttuneError `E_SHAPE`
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
  if (format === 'nf4') {
    const count = elementCount(shape);
    const blocks = [Math.ceil(count / block)];
    const fits =
      matrix.length === 2 && sameShape(data.shape, [Math.ceil(count / 2)]) && sameShape(scales!.shape, blocks);
    if (!fits) throw shapeError(op, `nf4 of [${shape}] takes codes and a scale for each ${block}`, inputs);
    expectDType(op, scales!, ['f32'], inputs);
    return;
  }
  const bytes = (width / block) * ggufBlockBytes[format];
  if (matrix.length !== 1 || block !== 32 || width % block !== 0 || !sameShape(data.shape, [rows, bytes])) {
    throw shapeError(op, `${format} of [${shape}] takes blocks of 32 weights, [${rows}, ${bytes}] bytes`, inputs);
  }
}
