/** The programs of the fixtures of quantized weights. */
import * as ir from '@attune/ir';
import type { OpBuilder } from './op-builders.js';

const ggufFormats: readonly ir.GgufFormat[] = ['q4_0', 'q4_1', 'q8_0'];

export const quantizedBuilders: Readonly<Record<string, OpBuilder>> = {
  dequant_gguf({ bytes }, { type }) {
    const format = ggufFormats.find((name) => name === String(type).toLowerCase());
    if (!format) return undefined;
    const [rows, rowBytes] = bytes!.type.shape;
    const shape = [rows!, (rowBytes! / ir.ggufBlockBytes[format]) * 32] as const;
    return { y: ir.dequantize([bytes!], { format, shape, block: 32 }) };
  },
  dequant_int8: ({ x }, _, builder, onHost) => {
    const weight = onHost?.get('y');
    return weight && { product: ir.project(x!, builder.constant(weight)) };
  },
  dequant_nf4(inputs, { shape, block, absmax_block }) {
    const [rows, width] = Array.isArray(shape) ? shape.map(Number) : [];
    const absmax =
      inputs.absmax ??
      ir.quantizedScales({
        codes: inputs.absmax_codes!,
        table: inputs.absmax_table!,
        scale: inputs.absmax_scale!,
        offset: inputs.absmax_offset!,
        block: Number(absmax_block),
      });
    const matrix = { format: 'nf4', shape: [rows!, width!], block: Number(block) } as const;
    return { absmax, y: ir.dequantize([inputs.packed!, absmax], matrix) };
  },
};
