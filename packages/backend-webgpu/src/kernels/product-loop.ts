/** The loop over the depth of a product: outer products of a column of the left block and a row of the right one. */
import type { ProductShape } from '../schedule/product-shape.js';
import type { Loading } from './product-operand.js';
import { type Tile, VECTOR_COLUMNS } from './tile.js';

/** How the operands are loaded. */
export interface Loads {
  readonly left: Loading;
  readonly right: Loading;
}

/**
 * Lines that add up `sum0_0`, `sum0_1`, … of each row and four columns, from `batch`, `row` and `column`. Rows and columns
 * beyond the end are taken from the last one.
 */
export function productLoop(
  shape: ProductShape,
  { rows, columns, loads: sharing }: Tile,
  type: string,
  loads: Loads,
): readonly string[] {
  const shares = sharing === 'quad';
  // Operands that lie along the depth are read by fours anyway.
  const isByQuads = (shares && shape.depth % 4 === 0) || loads.left === 'depth' || loads.right === 'depth';
  const steps = isByQuads ? 4 : 1;
  // Four steps of rows that lie side by side, or four rows, are loaded by a thread each.
  const sharesLeft = shares && (loads.left !== 'side' || isByQuads);
  const left = loadsOf('left', 'row', loads.left, rows, steps, sharesLeft);
  const right = loadsOf('right', 'column', loads.right, columns, steps, false);
  const vectors = range(columns / VECTOR_COLUMNS);
  return [
    ...places('row', loads.left, shape.rows, rows, sharesLeft),
    ...places('column', loads.right, shape.columns, columns, false),
    ...sums({ rows, columns }, type),
    isByQuads
      ? `for (var quad = 0u; quad < ${shape.depth / 4}u; quad++) {`
      : `for (var depth = 0u; depth < ${shape.depth}u; depth++) {`,
    ...[...left.lines, ...right.lines].map((line) => `  ${line}`),
    ...range(steps).flatMap((step) =>
      vectors.map((vector) => `  let factors${vector}_${step} = ${factorsOf(right, vector, step, type)};`),
    ),
    ...range(rows).flatMap((row) =>
      vectors.map((vector) => {
        const terms = range(steps).map((step) => `${left.element(row, step)} * factors${vector}_${step}`);
        return `  ${sumName(row, vector)} = ${[sumName(row, vector), ...terms].join(' + ')};`;
      }),
    ),
    '}',
  ];
}

/** The sums of four columns of a row. */
export const sumName = (row: number, vector: number): string => `sum${row}_${vector}`;

/** Declares the sums of a thread. */
export const sums = ({ rows, columns }: Pick<Tile, 'rows' | 'columns'>, type: string): readonly string[] =>
  range(rows).flatMap((row) =>
    range(columns / VECTOR_COLUMNS).map((vector) => `var ${sumName(row, vector)} = vec4<${type}>();`),
  );

/** Where the thread's rows or columns lie; of those that are shared, the ones that it loads. */
function places(
  name: 'row' | 'column',
  loading: Loading,
  size: number,
  count: number,
  isShared: boolean,
): readonly string[] {
  if (loading === 'side')
    return range(count / 4).map((quad) => `let ${name}_quad${quad} = min(${name} / 4u + ${quad}u, ${size / 4 - 1}u);`);
  if (isShared)
    return range(count / 4).map(
      (part) => `let ${name}${part} = min(${name} + ${4 * part}u + lane % 4u, ${size - 1}u);`,
    );
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
  isShared: boolean,
): BlockLoads {
  const load = (side: string, depth: string) => `${name}_at(batch, ${side}, ${depth})`;
  const depthAt = (step: number) => (steps === 1 ? 'depth' : `4u * quad + ${step}u`);
  const linesOf = isShared ? sharedLines : ownLines;
  if (loading === 'depth') {
    const names = range(count).map((side) => `${name}${side}`);
    const lines = linesOf(names, (part) => load(`${sideName}${part}`, 'quad'));
    return { loading, lines, element: (side, step) => `${names[side]!}.${'xyzw'[step]}` };
  }
  if (loading === 'side') {
    const vector = (quad: number, step: number) => `${name}${quad}_${step}`;
    const ownDepth = (step: number) => (isShared ? '4u * quad + lane % 4u' : depthAt(step));
    const lines = range(count / 4).flatMap((quad) =>
      linesOf(
        range(steps).map((step) => vector(quad, step)),
        (step) => load(`${sideName}_quad${quad}`, ownDepth(step)),
      ),
    );
    return { loading, lines, element: (side, step) => `${vector(side >> 2, step)}.${'xyzw'[side % 4]}` };
  }
  const element = (side: number, step: number) => `${name}${side}_${step}`;
  const lines = range(steps).flatMap((step) =>
    linesOf(
      range(count).map((side) => element(side, step)),
      (part) => load(`${sideName}${part}`, depthAt(step)),
    ),
  );
  return { loading, lines, element };
}

/** Loads by name, all of which the thread needs. */
const ownLines = (names: readonly string[], load: (part: number) => string): readonly string[] =>
  names.map((name, part) => `let ${name} = ${load(part)};`);

/** The same where four neighbours need the same: of four names each loads one, and the others get it from there. */
const sharedLines = (names: readonly string[], load: (part: number) => string): readonly string[] =>
  range(names.length / 4).flatMap((part) => {
    const four = names.slice(4 * part, 4 * part + 4);
    const own = `own_${four[0]!}`;
    return [
      `let ${own} = ${load(part)};`,
      ...four.map((name, neighbour) => `let ${name} = quadBroadcast(${own}, ${neighbour}u);`),
    ];
  });

/** Four columns of the right block at a step. */
const factorsOf = (right: BlockLoads, vector: number, step: number, type: string): string =>
  right.loading === 'side'
    ? `right${vector}_${step}`
    : `vec4<${type}>(${range(VECTOR_COLUMNS)
        .map((column) => right.element(vector * VECTOR_COLUMNS + column, step))
        .join(', ')})`;

export const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);
