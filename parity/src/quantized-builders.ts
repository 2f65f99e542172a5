/** The programs of the fixtures of quantized weights. */
import * as ir from '@attune/ir';
import type { OpBuilder } from './op-builders.js';

const ggufFormats = Object.keys(ir.ggufBlocks) as readonly ir.GgufFormat[];

export const quantizedBuilders: Readonly<Record<string, OpBuilder>> = {
  dequant_gguf({ bytes }, { type }) {
    const format = ggufFormats.find((name) => name === String(type).toLowerCase());
    if (!format) return undefined;
    const [rows, rowBytes] = bytes!.type.shape;
    const { weights, bytes: size } = ir.ggufBlocks[format];
    const shape = [rows!, (rowBytes! / size) * weights] as const;
    return { y: ir.dequantize([bytes!], { format, shape, block: weights }) };
  },
  dequant_int8({ x }, _, builder, onHost) {
    const [codes, scale] = [onHost?.get('q'), onHost?.get('scale')];
    if (!codes || !scale) return undefined;
    const [rows, width] = codes.type.shape as [number, number];
    const bytes = ir.hostTensor(
      [rows, width],
      Uint8Array.from(codes.data, (code) => code + 128),
      'u8',
    );
    const inputs = [builder.constant(bytes), builder.constant(scale)] as const;
    return { product: ir.quantizedMatmul(x!, inputs, { format: 'int8', shape: [rows, width], block: width }) };
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
