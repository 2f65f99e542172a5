/** The loop over the depth of a product: outer products of a column of the left block and a row of the right one. */
import type { ProductShape } from '../schedule/product-shape.js';
import type { Loading } from './product-operand.js';
import { TILE_COLUMNS, type Tile } from './tile.js';

/** How the operands are loaded. */
export interface Loads {
  readonly left: Loading;
  readonly right: Loading;
}

/**
 * Lines that add up `sum0`, `sum1`, … from `batch`, `row` and `column`. Rows and columns beyond the end are taken from
 * the last one.
 */
export function productLoop(
  shape: ProductShape,
  { rows, unroll }: Pick<Tile, 'rows' | 'unroll'>,
  type: string,
  loads: Loads,
): readonly string[] {
  const isByQuads = unroll === 4 || loads.left === 'depth' || loads.right === 'depth';
  const steps = isByQuads ? 4 : 1;
  const left = loadsOf('left', 'row', loads.left, rows, steps);
  const right = loadsOf('right', 'column', loads.right, TILE_COLUMNS, steps);
  return [
    ...places('row', loads.left, shape.rows, rows),
    ...places('column', loads.right, shape.columns, TILE_COLUMNS),
    ...range(rows).map((row) => `var sum${row} = vec4<${type}>();`),
    isByQuads
      ? `for (var quad = 0u; quad < ${shape.depth / 4}u; quad++) {`
      : `for (var depth = 0u; depth < ${shape.depth}u; depth++) {`,
    ...[...left.lines, ...right.lines].map((line) => `  ${line}`),
    ...range(steps).flatMap((step) => [
      `  let factors${step} = ${rowOf(right, step, type)};`,
      ...range(rows).map((row) => `  sum${row} += ${left.element(row, step)} * factors${step};`),
    ]),
    '}',
  ];
}

/** Where the thread's rows or columns lie. */
function places(name: 'row' | 'column', loading: Loading, size: number, count: number): readonly string[] {
  if (loading === 'side')
    return range(count / 4).map((quad) => `let ${name}_quad${quad} = min(${name} / 4u + ${quad}u, ${size / 4 - 1}u);`);
  return range(count).map((part) => `let ${name}${part} = min(${name} + ${part}u, ${size - 1}u);`);
}

interface BlockLoads {
  readonly loading: Loading;
  readonly lines: readonly string[];
  /** An element of the block by its row or column and the step along the depth. */
  element(side: number, step: number): string;
}

/** Loads of what one turn of the loop takes of an operand. */
function loadsOf(
  name: 'left' | 'right',
  sideName: 'row' | 'column',
  loading: Loading,
  count: number,
  steps: number,
): BlockLoads {
  const load = (side: string, depth: string) => `${name}_at(batch, ${side}, ${depth})`;
  const depthAt = (step: number) => (steps === 1 ? 'depth' : `4u * quad + ${step}u`);
  if (loading === 'depth') {
    const lines = range(count).map((side) => `let ${name}${side} = ${load(`${sideName}${side}`, 'quad')};`);
    return { loading, lines, element: (side, step) => `${name}${side}.${'xyzw'[step]}` };
  }
  if (loading === 'side') {
    const vector = (quad: number, step: number) => `${name}${quad}_${step}`;
    const lines = range(steps).flatMap((step) =>
      range(count / 4).map((quad) => `let ${vector(quad, step)} = ${load(`${sideName}_quad${quad}`, depthAt(step))};`),
    );
    return { loading, lines, element: (side, step) => `${vector(side >> 2, step)}.${'xyzw'[side % 4]}` };
  }
  const element = (side: number, step: number) => `${name}${side}_${step}`;
  const lines = range(steps).flatMap((step) =>
    range(count).map((side) => `let ${element(side, step)} = ${load(`${sideName}${side}`, depthAt(step))};`),
  );
  return { loading, lines, element };
}

/** A step's row of the right block. */
const rowOf = (right: BlockLoads, step: number, type: string): string =>
  right.loading === 'side'
    ? `right0_${step}`
    : `vec4<${type}>(${range(TILE_COLUMNS)
        .map((column) => right.element(column, step))
        .join(', ')})`;

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);
