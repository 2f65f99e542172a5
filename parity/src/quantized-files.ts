/** Quantized weights as files of them are read and written, on the host. */
import { dequantizeRows, ggufFloats, ggufTypes, quantizeRows, rowScales } from '@attune/hub/internal';
import { type HostTensor, hostTensor } from '@attune/ir';
import type { LoadedCase } from './golden-file.js';

type Tensors = ReadonlyMap<string, HostTensor>;

/** Outputs of a golden case by name; undefined for ops that are no matter of files, and for unknown formats. */
export function hostOutputs({ op, golden, id }: LoadedCase, tensors: Tensors): Tensors | undefined {
  if (op === 'dequant_gguf') {
    const type = [...ggufTypes.values()].find(({ name }) => name === golden.attributes.type);
    const bytes = Uint8Array.from(tensors.get('in.bytes')!.data);
    return type && new Map([['y', hostTensor(tensors.get('out.y')!.type.shape, ggufFloats(type, bytes))]]);
  }
  if (op !== 'dequant_int8') return undefined;
  const w = tensors.get('in.w')!;
  const scale = rowScales(w, false, 'w', id);
  const codes = quantizeRows(w, scale);
  return new Map([
    ['scale', hostTensor([scale.length], scale)],
    ['q', hostTensor(w.type.shape, Int32Array.from(codes), 'i32')],
    ['y', dequantizeRows(w.type.shape, codes, scale)],
  ]);
}
