/** Matrix products. Each thread adds up a block of the result in registers. Operands and results may be expressions. */
import type { Op, ValueId } from '@attune/ir';
import { type Index, unflatten, variable } from '../expressions/index-expression.js';
import type { Scalar } from '../expressions/scalar.js';
import type { ProductShape } from '../schedule/product-shape.js';
import { registerType } from '../wgsl/format.js';
import type { Kernel } from './kernel.js';
import { labelOf } from './label.js';
import { type Loads, productLoop, sumName } from './product-loop.js';
import { declareOperand, type Operand } from './product-operand.js';
import { Scope } from './scope.js';
import { Shader, type Storage, workgroupNumber } from './shader.js';
import { type Tile, tileFor, VECTOR_COLUMNS } from './tile.js';

export interface ProductPlan {
  readonly shape: ProductShape;
  readonly product: Op;
  /** Elementwise ops on the result. */
  readonly ops: readonly Op[];
  readonly writes: readonly ValueId[];
}

export function productKernel(plan: ProductPlan, storage: Storage): Kernel {
  const { shape, product, ops, writes } = plan;
  const tile = tileFor(shape, storage.tuning);
  const groupLoop = tile.loads === 'group' ? storage.tuning.groupLoop : undefined;
  const shader = new Shader(storage, writes);
  const type = registerType[storage.expressions.dtypeOf(product.outputs[0]!)];
  const results = resultsOf(plan, storage);
  const loads = declareOperands(shader, plan, tile, type, results);
  declareFinish(shader, plan, type, results);
  const tiles = {
    rows: Math.ceil(shape.rows / (tile.rows * tile.down)),
    columns: Math.ceil(shape.columns / (tile.columns * tile.across)),
  };
  const workgroups = tiles.rows * tiles.columns * shape.batch;
  const body = [
    `let tile = ${workgroupNumber(workgroups)};`,
    `let batch = tile / ${tiles.rows * tiles.columns}u;`,
    `let row = (tile / ${tiles.columns}u % ${tiles.rows}u * ${tile.down}u + lane / ${tile.across}u) * ${tile.rows}u;`,
    `let column = (tile % ${tiles.columns}u * ${tile.across}u + lane % ${tile.across}u) * ${tile.columns}u;`,
    ...(groupLoop ? groupLoop(shader, shape, tile, type, loads) : productLoop(shape, tile, type, loads)),
    ...finishBlock(tile, type),
  ];
  return shader.finish({
    sized: true,
    label: labelOf([product, ...ops]),
    body: body.map((line) => `  ${line}`).join('\n'),
    workgroupSize: tile.across * tile.down,
    workgroups,
    operations: 2 * shape.elements * shape.depth,
  });
}

type Results = ReadonlyMap<ValueId, Scalar>;

/** The scalars of the elementwise ops, by value, in terms of `batch`, `row` and `column`. */
function resultsOf({ shape, ops }: ProductPlan, { expressions }: Storage): Results {
  const at = resultIndex(shape);
  return new Map(
    ops.map((op) => {
      const value = op.outputs[0]!;
      return [value, expressions.express(op, unflatten(at, expressions.shapeOf(value)))];
    }),
  );
}

const resultIndex = (shape: ProductShape): Index =>
  shape.resultIndex(variable('batch', shape.batch), variable('row', shape.rows), variable('column', shape.columns));

function declareOperands(
  shader: Shader,
  { shape, product }: ProductPlan,
  { rows, columns }: Tile,
  type: string,
  results: Results,
): Loads {
  const { expressions } = shader.storage;
  const [lhs, rhs] = [product.inputs[0]!, product.inputs[1]!];
  const batch = variable('batch', shape.batch);
  const left: Operand = {
    name: 'left',
    sideName: 'row',
    sides: shape.rows,
    own: rows,
    depth: shape.depth,
    elementAt: (row, depth) => expressions.element(lhs, shape.lhsAt(batch, row, depth)),
  };
  const right: Operand = {
    name: 'right',
    sideName: 'column',
    sides: shape.columns,
    own: columns,
    depth: shape.depth,
    elementAt: (column, depth) => expressions.element(rhs, shape.rhsAt(batch, depth, column)),
  };
  const sample = ({ elementAt, sideName, sides, depth }: Operand) =>
    elementAt(variable(sideName, sides), variable('depth', depth));
  const finishing = [...results.values()];
  return {
    left: declareOperand(shader, left, type, [sample(right), ...finishing]),
    right: declareOperand(shader, right, type, [sample(left), ...finishing]),
  };
}

/** `finish`: what becomes of an element of the product. */
function declareFinish(shader: Shader, { shape, product, writes }: ProductPlan, type: string, results: Results): void {
  const result = product.outputs[0]!;
  const scope = new Scope(shader, (value) => (value === result ? 'sum' : results.get(value)));
  const inside = scope.inner();
  const at = inside.index(resultIndex(shape));
  for (const value of writes) {
    const scalar = results.get(value);
    inside.add(shader.storeElement(value, at, scalar ? inside.scalar(scalar) : 'sum'));
  }
  scope.block(`if (batch < ${shape.batch}u && row < ${shape.rows}u && column < ${shape.columns}u)`, inside);
  shader.declare(`fn finish(batch: u32, row: u32, column: u32, sum: ${type}) {\n${scope}\n}`);
}

/** Finishes the elements of a thread one after the other, so that what is done to them is compiled once. */
function finishBlock({ rows, columns }: Tile, type: string): readonly string[] {
  const vectors = columns / VECTOR_COLUMNS;
  const sums = Array.from({ length: rows * vectors }, (_, at) => sumName(Math.floor(at / vectors), at % vectors));
  return [
    `var sums = array<vec4<${type}>, ${sums.length}>(${sums.join(', ')});`,
    `for (var below = 0u; below < ${rows}u; below++) {`,
    `  for (var right = 0u; right < ${columns}u; right++) {`,
    `    let sum = sums[below * ${vectors}u + right / ${VECTOR_COLUMNS}u][right % ${VECTOR_COLUMNS}u];`,
    '    finish(batch, row + below, column + right, sum);',
    '  }',
    '}',
  ];
}
