/** The shape of the generated graphs, as text. */
import {
  add,
  dotGeneral,
  dynamicSliceAxis,
  dynamicUpdateSliceAxis,
  hostTensor,
  layerNorm,
  lstm,
  mul,
  type Program,
  ProgramBuilder,
  project,
  reduceSum,
  scatterAdd,
  softmax,
  sqrt,
  stopGradient,
  sub,
  tensorType,
  transpose,
  type Value,
} from '@attune/ir';
import { describe, expect, it } from 'vitest';
import { lower } from './lower.js';
import { printGraph } from './print-graph.js';

type Inputs = Readonly<Record<string, readonly number[]>>;

function programOf<I extends Inputs>(
  inputs: I,
  body: (values: Record<keyof I, Value>) => Record<string, Value>,
): Program {
  const builder = new ProgramBuilder('test');
  const values = Object.fromEntries(
    Object.entries(inputs).map(([name, shape]) => [name, builder.input(name, tensorType(shape))]),
  ) as Record<keyof I, Value>;
  return builder.finish(body(values));
}

const nodesOf = (program: Program, options = {}): string => printGraph(lower(program, options));

describe('lower', () => {
  it('makes bias and scale parts of a product', () => {
    const program = programOf({ x: [2, 3, 4], w: [5, 4], b: [5] }, ({ x, w, b }) => ({
      y: add(mul(project(x, w), 0.5), b),
    }));
    expect(nodesOf(program)).toMatchInlineSnapshot(`
      "Reshape_2 = Reshape(x, constant_1)
      Gemm_3 = Gemm(Reshape_2, w, b) {alpha={"float":0.5}, transA=0, transB=1}
      out:y = Reshape(Gemm_3, constant_4)"
    `);
  });

  it('turns products of few rows with a large matrix, for a device', () => {
    const product = (rows: number, columns: number) =>
      programOf({ x: [rows, 4], w: [columns, 4] }, ({ x, w }) => ({ y: mul(project(x, w), 0.5) }));
    expect(nodesOf(product(8, 512), { turnsFewRows: true })).toMatchInlineSnapshot(`
      "FusedMatMul_1 = com.microsoft.FusedMatMul(w, x) {transA=0, transB=1, alpha={"float":0.5}}
      Transpose_2 = Transpose(FusedMatMul_1) {perm=[1,0]}
      out:y = Reshape(Transpose_2, constant_3)"
    `);
    for (const [rows, columns] of [
      [1, 512],
      [17, 512],
      [8, 511],
    ] as const)
      expect(nodesOf(product(rows, columns), { turnsFewRows: true })).toBe(nodesOf(product(rows, columns)));
    expect(nodesOf(product(8, 512))).not.toContain('Transpose');
  });

  it('uses the runtime’s own softmax and layer norm', () => {
    const program = programOf({ x: [2, 4], w: [4], b: [4] }, ({ x, w, b }) => ({
      y: softmax(layerNorm(x, { weight: w, bias: b })),
    }));
    expect(nodesOf(program)).toMatchInlineSnapshot(`
      "LayerNormalization_0, LayerNormalization_0_1, LayerNormalization_0_2 = LayerNormalization(x, w, b) {axis=-1, epsilon={"float":0.00001}}
      out:y = Softmax(LayerNormalization_0) {axis=1}"
    `);
  });

  it('transposes the smaller operand of a large gradient of weights, once for all that share it', () => {
    const contract = { lhsBatch: [], rhsBatch: [], lhsContract: [0], rhsContract: [0] };
    const program = programOf({ x: [256, 64], v: [256, 128], w: [256, 64] }, ({ x, v, w }) => ({
      v: dotGeneral(v, x, contract),
      w: dotGeneral(w, x, contract),
    }));
    expect(nodesOf(program)).toMatchInlineSnapshot(`
      "Transpose_0 = Transpose(x) {perm=[1,0]}
      MatMul_1 = MatMul(Transpose_0, v)
      Transpose_2 = Transpose(MatMul_1) {perm=[1,0]}
      out:v = Reshape(Transpose_2, constant_3)
      MatMul_5 = MatMul(Transpose_0, w)
      Transpose_6 = Transpose(MatMul_5) {perm=[1,0]}
      out:w = Reshape(Transpose_6, constant_7)"
    `);
  });

  it('adds to the rows of a small table by a product', () => {
    const program = programOf({ table: [2, 3], rows: [4, 3] }, ({ table, rows }) => ({
      y: scatterAdd(table, table.builder.constant(hostTensor([4], [0, 1, 1, 0], 'i32')), rows),
    }));
    expect(nodesOf(program)).toMatchInlineSnapshot(`
      "Reshape_2 = Reshape(constant_0, constant_1)
      Equal_4 = Equal(Reshape_2, constant_3)
      Cast_5 = Cast(Equal_4) {to=1}
      Reshape_7 = Reshape(rows, constant_6)
      MatMul_8 = MatMul(Cast_5, Reshape_7)
      out:y = Add(table, MatMul_8)"
    `);
  });

  it('updates large tensors in tiles of the same memory', () => {
    const program = programOf({ p: [2, 5], v: [2, 5], x: [2, 2], z: [2, 5], rate: [] }, ({ p, v, x, z, rate }) => {
      const gradient = project(transpose(x, [1, 0]), transpose(z, [1, 0]));
      const next = add(mul(v, 0.9), mul(gradient, gradient));
      return { p: sub(p, mul(mul(gradient, rate), sqrt(next))), v: next };
    });
    const aliased = {
      ...program,
      aliases: [
        { output: 0, input: 0 },
        { output: 1, input: 1 },
      ],
    };
    const graph = lower(aliased, { tileElements: 4 });
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "Transpose_1 = Transpose(x) {perm=[1,0]}
      Transpose_2 = Transpose(z) {perm=[1,0]}
      FusedMatMul_3 = com.microsoft.FusedMatMul(Transpose_1, Transpose_2) {transA=0, transB=1, alpha={"float":1}}
      Reshape_5 = Reshape(FusedMatMul_3, constant_4)
      Reshape_7 = Reshape(Reshape_5, constant_6)
      Slice_10 = Slice(Reshape_7, constant_8, constant_9)
      Mul_11 = Mul(v[0], constant_0)
      Mul_12 = Mul(Slice_10, Slice_10)
      out:v[0] = Add(Mul_11, Mul_12)
      Mul_14 = Mul(Slice_10, rate)
      Sqrt_15 = Sqrt(out:v[0])
      Mul_16 = Mul(Mul_14, Sqrt_15)
      out:p[0] = Sub(p[0], Mul_16)
      Slice_19 = Slice(Reshape_7, constant_9, constant_18)
      Mul_20 = Mul(v[4], constant_0)
      Mul_21 = Mul(Slice_19, Slice_19)
      out:v[4] = Add(Mul_20, Mul_21)
      Mul_23 = Mul(Slice_19, rate)
      Sqrt_24 = Sqrt(out:v[4])
      Mul_25 = Mul(Mul_23, Sqrt_24)
      out:p[4] = Sub(p[4], Mul_25)
      Slice_27 = Slice(Reshape_7, constant_18, constant_6)
      Mul_28 = Mul(v[8], constant_0)
      Mul_29 = Mul(Slice_27, Slice_27)
      out:v[8] = Add(Mul_28, Mul_29)
      Mul_31 = Mul(Slice_27, rate)
      Sqrt_32 = Sqrt(out:v[8])
      Mul_33 = Mul(Mul_31, Sqrt_32)
      out:p[8] = Sub(p[8], Mul_33)"
    `);
    expect(graph.inputs.map(({ name }) => name)).toMatchInlineSnapshot(`
      [
        "x",
        "z",
        "rate",
        "v[0]",
        "p[0]",
        "v[4]",
        "p[4]",
        "v[8]",
        "p[8]",
      ]
    `);
    expect(graph.outputs.slice(0, 3)).toMatchInlineSnapshot(`
      [
        {
          "name": "out:v[0]",
          "port": "v",
          "start": 0,
          "type": {
            "dtype": "f32",
            "shape": [
              4,
            ],
          },
        },
        {
          "name": "out:p[0]",
          "port": "p",
          "start": 0,
          "type": {
            "dtype": "f32",
            "shape": [
              4,
            ],
          },
        },
        {
          "name": "out:v[4]",
          "port": "v",
          "start": 4,
          "type": {
            "dtype": "f32",
            "shape": [
              4,
            ],
          },
        },
      ]
    `);
  });

  it('leaves small tensors whole, and what else is read or returned', () => {
    const program = programOf({ p: [2, 5], g: [2, 5] }, ({ p, g }) => {
      const next = sub(p, g);
      return { p: next, norm: reduceSum(mul(next, next), [0, 1]) };
    });
    const aliased = { ...program, aliases: [{ output: 0, input: 0 }] };
    expect(nodesOf(aliased, { tileElements: 4 })).toBe(nodesOf(aliased));
    const small = programOf({ p: [7], g: [7] }, ({ p, g }) => ({ p: sub(p, g) }));
    expect(nodesOf({ ...small, aliases: [{ output: 0, input: 0 }] }, { tileElements: 4 })).toMatchInlineSnapshot(
      `"out:p = Sub(p, g)"`,
    );
  });

  it('cuts and replaces parts by a start that is data', () => {
    const builder = new ProgramBuilder('cache');
    const cache = builder.input('cache', tensorType([2, 8, 3]));
    const position = builder.input('position', tensorType([], 'i32'));
    const row = builder.input('row', tensorType([2, 1, 3]));
    const updated = dynamicUpdateSliceAxis(cache, stopGradient(row), 1, position);
    const program = builder.finish({ updated, last: dynamicSliceAxis(updated, 1, position, 2) });
    expect(nodesOf(program)).toMatchInlineSnapshot(`
      "Clip_2 = Clip(position, constant_0, constant_1)
      Cast_3 = Cast(Clip_2) {to=7}
      Reshape_5 = Reshape(Cast_3, constant_4)
      Add_7 = Add(Reshape_5, constant_6)
      Reshape_9 = Reshape(Add_7, constant_8)
      Expand_11 = Expand(Reshape_9, constant_10)
      out:updated = ScatterElements(cache, Expand_11, row) {axis=1}
      Clip_14 = Clip(position, constant_0, constant_13)
      Cast_15 = Cast(Clip_14) {to=7}
      Reshape_16 = Reshape(Cast_15, constant_4)
      Add_18 = Add(Reshape_16, constant_17)
      out:last = Slice(out:updated, Reshape_16, Add_18, constant_4)"
    `);
  });

  it('goes through sequences by a loop, whose body takes weights from around it', () => {
    const shapes = { x: [5, 2, 3], state: [2, 4], wx: [16, 3], wh: [16, 4] };
    const program = programOf(shapes, ({ x, state, wx, wh }) => {
      const hiddenWeight = mul(wh, 0.5);
      const initial = { hidden: state, cell: state };
      return { y: lstm(x, { inputWeight: wx, hiddenWeight }, { initial }).outputs, hiddenWeight };
    });
    expect(nodesOf(program, { loops: true })).toMatchInlineSnapshot(`
      "out:hiddenWeight = Mul(wh, constant_0)
      Reshape_4 = Reshape(x, constant_3)
      FusedMatMul_5 = com.microsoft.FusedMatMul(Reshape_4, wx) {transA=0, transB=1, alpha={"float":1}}
      Reshape_7 = Reshape(FusedMatMul_5, constant_6)
      Add_8 = Add(Reshape_7, constant_1)
      Scan_9, Scan_9_1, out:y, Scan_9_3, Scan_9_4 = Scan(state, state, Add_8) {body=(13.state0, 13.state1, 13.part0) =>
        13.FusedMatMul_0 = com.microsoft.FusedMatMul(13.state0, out:hiddenWeight) {transA=0, transB=1, alpha={"float":1}}
        13.Reshape_2 = Reshape(13.FusedMatMul_0, 13.constant_1)
        13.out:4 = Add(13.part0, 13.Reshape_2)
        13.Sigmoid_4 = Sigmoid(13.out:4)
        13.Slice_9 = Slice(13.out:4, 13.constant_5, 13.constant_6, 13.constant_7, 13.constant_8)
        13.Tanh_10 = Tanh(13.Slice_9)
        13.Slice_13 = Slice(13.Sigmoid_4, 13.constant_11, 13.constant_12, 13.constant_7, 13.constant_8)
        13.Mul_14 = Mul(13.Slice_13, 13.state1)
        13.Slice_17 = Slice(13.Sigmoid_4, 13.constant_15, 13.constant_16, 13.constant_7, 13.constant_8)
        13.Mul_18 = Mul(13.Slice_17, 13.Tanh_10)
        13.out:1 = Add(13.Mul_14, 13.Mul_18)
        13.Slice_21 = Slice(13.Sigmoid_4, 13.constant_20, 13.constant_1, 13.constant_7, 13.constant_8)
        13.Tanh_22 = Tanh(13.out:1)
        13.out:0 = Mul(13.Slice_21, 13.Tanh_22)
        13.out:2 = Identity(13.out:0)
        13.out:3 = Identity(13.out:1)
        return 13.out:0, 13.out:1, 13.out:2, 13.out:3, 13.out:4, num_scan_inputs=1, scan_input_directions=[0], scan_output_directions=[0,0,0]}
      Slice_14 = Slice(out:y, constant_10, constant_11, constant_12, constant_13)
      Reshape_16 = Reshape(Slice_14, constant_15) {allowzero=1}
      Slice_17 = Slice(Scan_9_3, constant_10, constant_11, constant_12, constant_13)
      Reshape_18 = Reshape(Slice_17, constant_15) {allowzero=1}"
    `);
    expect(nodesOf(program)).not.toContain('Scan');
  });
});
