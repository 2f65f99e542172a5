/** Graphs with open sizes, run by the runtime at sizes that no program was traced at. */
import {
  add,
  gather,
  hostTensor,
  iota,
  type Program,
  ProgramBuilder,
  project,
  reshape,
  sliceAxis,
  softmax,
  tensorType,
  type Value,
} from '@attune/ir';
import { interpretByName } from '@attune/testing/interpret-by-name';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { encodeModel } from '../lowering/model.js';
import { printGraph } from '../lowering/print-graph.js';
import { exportGraph } from './export-graph.js';

const table = hostTensor(
  [12, 3],
  Float32Array.from({ length: 36 }, (_, index) => Math.sin(index)),
);
const weight = hostTensor([2, 3], [1, -2, 0.5, 0.25, 3, -1]);
const parameters = new Map(Object.entries({ table, weight }));

/** Embeddings of ids and of positions, a projection of all tokens, and a softmax over the tokens. */
function scores([batch, tokens]: readonly number[], body = (x: Value): Value => x): Program {
  const builder = new ProgramBuilder('scores');
  const ids = builder.input('ids', tensorType([batch!, tokens!], 'i32'));
  const [rows, matrix] = [builder.input('table', table.type), builder.input('weight', weight.type)];
  const hidden = add(gather(rows, ids), gather(rows, iota(builder, [1, tokens!], 1)));
  const flat = project(reshape(hidden, [batch! * tokens!, 3]), matrix);
  return builder.finish({ y: body(softmax(reshape(flat, [batch!, 2 * tokens!]))) });
}

const open = { parameters, shape: ['batch', 'tokens'], names: new Map([['ids', 'input_ids']]) };

describe('an exported graph', () => {
  it('computes with its open sizes', () => {
    const graph = exportGraph(scores, open);
    expect(graph.inputs.map(({ name, dimensions }) => [name, dimensions])).toEqual([
      ['input_ids', ['batch', 'tokens']],
    ]);
    expect(graph.outputs.map(({ name, dimensions }) => [name, dimensions])).toEqual([['y', ['batch', '2*tokens']]]);
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "size/Shape_0 = Shape(input_ids)
      size/Gather_2 = Gather(size/Shape_0, size/constant_1) {axis=0}
      size/Squeeze_3 = Squeeze(size/Gather_2)
      size/Squeeze_5 = Squeeze(size/constant_4)
      size/Squeeze_6 = Squeeze(size/constant_1)
      size/Range_7 = Range(size/Squeeze_5, size/Squeeze_3, size/Squeeze_6)
      size/Cast_8 = Cast(size/Range_7) {to=6}
      size/Reshape_9 = Reshape(size/Cast_8, size/Gather_2)
      size/Concat_10 = Concat(size/constant_1, size/Gather_2) {axis=0}
      size/Shape_11 = Shape(input_ids)
      size/Gather_12 = Gather(size/Shape_11, size/constant_4) {axis=0}
      size/Mul_13 = Mul(size/Gather_12, size/Gather_2)
      size/Concat_15 = Concat(size/Mul_13, size/constant_14) {axis=0}
      size/Concat_17 = Concat(size/Mul_13, size/constant_16) {axis=0}
      size/Mul_18 = Mul(size/constant_16, size/Gather_2)
      size/Concat_19 = Concat(size/Gather_12, size/Mul_18) {axis=0}
      Gather_0 = Gather(table, input_ids) {axis=0}
      Reshape_3 = Reshape(size/Reshape_9, size/Concat_10)
      Gather_4 = Gather(table, Reshape_3) {axis=0}
      Add_5 = Add(Gather_0, Gather_4)
      Reshape_7 = Reshape(Add_5, size/Concat_15) {allowzero=1}
      FusedMatMul_8 = com.microsoft.FusedMatMul(Reshape_7, weight) {transA=0, transB=1, alpha={"float":1}}
      Reshape_10 = Reshape(FusedMatMul_8, size/Concat_17)
      Reshape_12 = Reshape(Reshape_10, size/Concat_19) {allowzero=1}
      y = Softmax(Reshape_12) {axis=1}"
    `);
  });

  it.each([
    [1, 1],
    [1, 5],
    [2, 3],
    [4, 12],
  ])('gives at [%i, %i] what the interpreter gives', async (batch, tokens) => {
    const ids = Int32Array.from({ length: batch * tokens }, (_, index) => (index * 7) % 12);
    const session = await InferenceSession.create(encodeModel(exportGraph(scores, open)));
    const { y } = await session.run({ input_ids: new Tensor('int32', ids, [batch, tokens]) });
    const values = new Map([...parameters, ['ids', hostTensor([batch, tokens], ids, 'i32')]]);
    const wanted = interpretByName(scores([batch, tokens]), values).get('y');
    expect(y!.dims).toEqual(wanted!.type.shape);
    const distances = Array.from(wanted!.data, (value, index) => Math.abs(value - Number(y!.data[index])));
    expect(Math.max(...distances)).toBeLessThan(1e-6);
  });

  it('has fixed sizes where they are given', () => {
    const graph = exportGraph(scores, { ...open, shape: [2, 'tokens'] });
    expect(graph.inputs[0]?.dimensions).toEqual([2, 'tokens']);
    const fixed = exportGraph(scores, { ...open, shape: [2, 5] });
    expect(fixed.outputs[0]?.dimensions).toEqual([2, 10]);
    expect(printGraph(fixed)).not.toMatch(/Shape\(/);
  });

  it.each<[string, (x: Value) => Value, RegExp]>([
    [
      'all tokens but the last',
      (x) => sliceAxis(x, 1, 0, x.type.shape[1]! - 2),
      /batch and tokens open: Slice depends/,
    ],
    ['another op for long texts', (x) => (x.type.shape[1]! > 20 ? softmax(x) : x), /open: y depends/],
    ['a constant of as many numbers', (x) => add(x, x.builder.constant(powers(x.type.shape[1]!))), /open: Add depends/],
  ])('is refused for what is no product of them: %s', (_, body, message) => {
    const attempt = () => exportGraph((shape) => scores(shape, body), open);
    expect(attempt).toThrow(expect.objectContaining({ code: 'E_UNSUPPORTED_PROGRAM' }));
    expect(attempt).toThrow(message);
    expect(exportGraph((shape) => scores(shape, body), { ...open, shape: [2, 5] }).outputs).toHaveLength(1);
  });
});

/** 1, 1/2, 1/4, … */
const powers = (count: number) =>
  hostTensor(
    [count],
    Float32Array.from({ length: count }, (_, index) => 2 ** -index),
  );
