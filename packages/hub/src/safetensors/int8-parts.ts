/** Weights in int8 by rows as devices hold them: codes as bytes, and scales f32. */
import { type HostTensor, hostTensor } from '@attune/ir';
import { dequantizeRows, INT8_SCALE, quantizeRows, rowScales } from './int8.js';

/** What is added to a code so that it is a byte without a sign. */
const OFFSET = 128;

type Parts = ReadonlyMap<string, HostTensor>;

/**
 * The codes u8 of a matrix, 128 added, under '', and its scales f32.
 * @throws AttuneError `E_NONFINITE` as `rowScales`
 */
export function toInt8Rows(tensor: HostTensor, name: string, file: string): Parts {
  const scales = rowScales(tensor, false, name, file);
  const codes = Uint8Array.from(quantizeRows(tensor, scales), (code) => code + OFFSET);
  return new Map([
    ['', hostTensor(tensor.type.shape, codes, 'u8')],
    [INT8_SCALE, hostTensor([scales.length], scales)],
  ]);
}

/** The numbers of a matrix of this shape. */
export function fromInt8Rows(parts: Parts, shape: readonly number[]): HostTensor {
  const codes = Int8Array.from(parts.get('')!.data, (code) => code - OFFSET);
  return dequantizeRows(shape, codes, parts.get(INT8_SCALE)!.data);
}
