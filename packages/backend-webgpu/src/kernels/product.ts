/**
 * Matrix products. A workgroup makes a tile of the result: its threads bring tiles of both operands into shared memory,
 * and each adds up a small block in registers. Operands and results may be expressions.
 */
import type { Op, ValueId } from '@attune/ir';
import { type Index, unflatten, variable } from '../expressions/index-expression.js';
import type { Scalar } from '../expressions/scalar.js';
import type { ProductShape } from '../schedule/product-shape.js';
import { registerType } from '../wgsl/format.js';
import type { Kernel } from './kernel.js';
import { labelOf } from './label.js';
import { Scope } from './scope.js';
import { Shader, type Storage, workgroupNumber } from './shader.js';
import { type Tile, tileFor } from './tile.js';

export interface ProductPlan {
  readonly shape: ProductShape;
  readonly product: Op;
  /** Elementwise ops on the result. */
  readonly ops: readonly Op[];
  readonly writes: readonly ValueId[];
}

export function productKernel(plan: ProductPlan, storage: Storage, tile: Tile = tileFor(plan.shape)): Kernel {
  const { shape, product, ops, writes } = plan;
  const shader = new Shader(storage, writes);
  const type = registerType[storage.expressions.dtypeOf(product.outputs[0]!)];
  declareOperands(shader, plan, type);
  declareFinish(shader, plan, type);
  shader.declare(`var<workgroup> left: array<${type}, ${tile.depth * tile.rows}>;`);
  shader.declare(`var<workgroup> right: array<vec4<${type}>, ${(tile.depth * tile.columns) / 4}>;`);
  const tiles = { rows: Math.ceil(shape.rows / tile.rows), columns: Math.ceil(shape.columns / tile.columns) };
  const workgroups = tiles.rows * tiles.columns * shape.batch;
  const threads = (tile.rows / tile.threadRows) * (tile.columns / 4);
  return shader.finish({
    label: labelOf([product, ...ops]),
    body: indent(bodyOf(shape, tile, type, { threads, tiles, workgroups })),
    workgroupSize: threads,
    workgroups,
    operations: 2 * shape.elements * shape.depth,
  });
}

/** `left_at` and `right_at`: elements of the operands, 0 outside. */
function declareOperands(shader: Shader, { shape, product }: ProductPlan, type: string): void {
  const { expressions } = shader.storage;
  const [batch, row, column, depth] = loops(shape);
  const declare = (name: string, parameters: string, operand: ValueId, at: readonly Index[], bounds: string) => {
    const scope = new Scope(shader, () => undefined);
    const inside = scope.inner();
    inside.add(`return ${inside.scalar(expressions.element(operand, at))};`);
    scope.block(`if (${bounds})`, inside);
    scope.add('return 0;');
    shader.declare(`fn ${name}(${parameters}) -> ${type} {\n${scope}\n}`);
  };
  const [lhs, rhs] = [product.inputs[0]!, product.inputs[1]!];
  const inDepth = `depth < ${shape.depth}u`;
  declare(
    'left_at',
    'batch: u32, row: u32, depth: u32',
    lhs,
    shape.lhsAt(batch, row, depth),
    `row < ${shape.rows}u && ${inDepth}`,
  );
  declare(
    'right_at',
    'batch: u32, depth: u32, column: u32',
    rhs,
    shape.rhsAt(batch, depth, column),
    `column < ${shape.columns}u && ${inDepth}`,
  );
}

/** `finish`: what becomes of an element of the product. */
function declareFinish(shader: Shader, { shape, product, ops, writes }: ProductPlan, type: string): void {
  const { expressions } = shader.storage;
  const [batch, row, column] = loops(shape);
  const result = product.outputs[0]!;
  const at = shape.resultIndex(batch, row, column);
  const makers = new Map(ops.map((op) => [op.outputs[0]!, op]));
  const scalarOf = (value: ValueId): Scalar | undefined => {
    const op = makers.get(value);
    return op && expressions.express(op, unflatten(at, expressions.shapeOf(value)));
  };
  const scope = new Scope(shader, (value) => (value === result ? 'sum' : scalarOf(value)));
  const inside = scope.inner();
  for (const value of writes) {
    const scalar = scalarOf(value);
    inside.add(shader.storeElement(value, inside.index(at), scalar ? inside.scalar(scalar) : 'sum'));
  }
  scope.block(`if (batch < ${shape.batch}u && row < ${shape.rows}u && column < ${shape.columns}u)`, inside);
  shader.declare(`fn finish(batch: u32, row: u32, column: u32, sum: ${type}) {\n${scope}\n}`);
}

const loops = ({ batch, rows, columns, depth }: ProductShape): readonly [Index, Index, Index, Index] => [
  variable('batch', batch),
  variable('row', rows),
  variable('column', columns),
  variable('depth', depth),
];

interface Launch {
  readonly threads: number;
  readonly tiles: { readonly rows: number; readonly columns: number };
  readonly workgroups: number;
}

function bodyOf(shape: ProductShape, tile: Tile, type: string, { threads, tiles, workgroups }: Launch): string[] {
  const across = tile.columns / 4;
  const rows = Array.from({ length: tile.threadRows }, (_, row) => row);
  return [
    `let tile = ${workgroupNumber(workgroups)};`,
    `let batch = tile / ${tiles.rows * tiles.columns}u;`,
    `let first_row = tile / ${tiles.columns}u % ${tiles.rows}u * ${tile.rows}u;`,
    `let first_column = tile % ${tiles.columns}u * ${tile.columns}u;`,
    `let own_row = lane / ${across}u * ${tile.threadRows}u;`,
    `let own_column = lane % ${across}u;`,
    ...rows.map((row) => `var sum${row} = vec4<${type}>();`),
    `for (var start = 0u; start < ${shape.depth}u; start += ${tile.depth}u) {`,
    `  for (var at = lane; at < ${tile.depth * tile.rows}u; at += ${threads}u) {`,
    `    left[at] = left_at(batch, first_row + at % ${tile.rows}u, start + at / ${tile.rows}u);`,
    '  }',
    `  for (var at = lane; at < ${tile.depth * across}u; at += ${threads}u) {`,
    `    let depth = start + at / ${across}u;`,
    `    let column = first_column + at % ${across}u * 4u;`,
    `    right[at] = vec4<${type}>(`,
    ...[0, 1, 2, 3].map((part) => `      right_at(batch, depth, column + ${part}u),`),
    '    );',
    '  }',
    '  workgroupBarrier();',
    `  for (var depth = 0u; depth < ${tile.depth}u; depth++) {`,
    `    let factors = right[depth * ${across}u + own_column];`,
    `    let at = depth * ${tile.rows}u + own_row;`,
    ...rows.map((row) => `    sum${row} += left[at + ${row}u] * factors;`),
    '  }',
    '  workgroupBarrier();',
    '}',
    'let column = first_column + own_column * 4u;',
    ...rows.flatMap((row) =>
      [0, 1, 2, 3].map(
        (part) => `finish(batch, first_row + own_row + ${row}u, column + ${part}u, sum${row}.${'xyzw'[part]});`,
      ),
    ),
  ];
}

const indent = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join('\n');
