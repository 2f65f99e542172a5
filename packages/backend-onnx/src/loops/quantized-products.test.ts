import {
  elementCount,
  ggufBlocks,
  type HostTensor,
  interpret,
  ProgramBuilder,
  type QuantizedMatrix,
  quantizedMatmul,
} from '@attune/ir';
import { sampleBlocks, uniform } from '@attune/ir/internal';
import { expect, test } from 'vitest';
import { onnx } from '../backend.js';
import { lower } from '../lowering/lower.js';

const shape = [1536, 1024] as const;

/** Finite scales, and random codes. */
function matrixOf(format: QuantizedMatrix['format']): readonly HostTensor[] {
  if (format === 'nf4') {
    const count = elementCount(shape);
    return [uniform([count / 2], [0, 256], 1, 'u8'), uniform([count / 64], [0, 0.1], 2)];
  }
  if (format === 'int8') return [uniform(shape, [1, 256], 1, 'u8'), uniform([shape[0]], [0, 0.001], 2)];
  return [sampleBlocks(format, shape)];
}

test.each([
  ['nf4', false],
  ['nf4', true],
  ['q8_0', false],
  ['q8_0', true],
  ['int8', true],
] as const)(
  'multiplies with a matrix of %s, transposed: %s, that is never whole in f32',
  async (format, transposed) => {
    const builder = new ProgramBuilder('product');
    const tensors = [uniform([3, transposed ? shape[0] : shape[1]], [-1, 1], 3), ...matrixOf(format)];
    const [x, data, ...scales] = tensors.map(({ type }, index) => builder.input(`${index}`, type));
    const block = { nf4: 64, int8: shape[1] };
    const matrix = {
      format,
      shape,
      block: format === 'nf4' || format === 'int8' ? block[format] : ggufBlocks[format].weights,
    };
    const program = builder.finish({ y: quantizedMatmul(x!, [data!, ...scales], matrix, { transposed }) });
    const operators = lower(program, { loops: true }).nodes.map(({ operator }) => operator);
    expect(operators).toContain(format === 'nf4' && !transposed ? 'MatMulBnb4' : 'Scan');
    await using device = await onnx().open();
    using executable = await device.compile(program);
    const [output] = await executable.run(tensors.map((tensor) => device.upload(tensor)));
    const { data: got } = await device.download(output!);
    const [want] = interpret(program, tensors);
    const worst = Math.max(...Array.from(got, (value, index) => Math.abs(value - want!.data[index]!)));
    expect(worst).toBeLessThan(1e-4);
  },
);
