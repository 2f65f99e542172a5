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
  dequant_nf4(inputs, { shape, block, absmax_block }) {
    const [rows, width] = Array.isArray(shape) ? shape.map(Number) : [];
    const absmax = inputs.absmax ?? doublyQuantized(inputs, Number(absmax_block));
    const matrix = { format: 'nf4', shape: [rows!, width!], block: Number(block) } as const;
    return { absmax, y: ir.dequantize([inputs.packed!, absmax], matrix) };
  },
};

/** Scales that are quantized themselves: a table entry times the scale of its block, and an offset. */
function doublyQuantized(inputs: Readonly<Record<string, ir.Value>>, block: number): ir.Value {
  const { absmax_codes: codes, absmax_offset: offset, absmax_scale: scale, absmax_table: table } = inputs;
  const count = codes!.type.shape[0]!;
  const blocks = scale!.type.shape[0]!;
  const scales = ir.reshape(ir.broadcastTo(ir.reshape(scale!, [blocks, 1]), [blocks, block]), [-1]);
  const entries = ir.gather(table!, ir.cast(codes!, 'i32'));
  return ir.add(ir.mul(entries, ir.sliceAxis(scales, 0, 0, count)), offset!);
}
