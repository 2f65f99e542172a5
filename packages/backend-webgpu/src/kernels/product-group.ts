/**
 * The loop over the depth of a product whose workgroup loads the blocks of both operands into its memory, where they lie
 * step by step along the depth. Each thread loads a part of them, before it waits for those that still read the last ones.
 */
import type { ProductShape } from '../schedule/product-shape.js';
import { type Loads, range, sumName, sums } from './product-loop.js';
import type { Loading } from './product-operand.js';
import type { Shader } from './shader.js';
import { type Tile, VECTOR_COLUMNS } from './tile.js';

/** Bytes of both blocks: half of what every device has, so that two workgroups find room. */
const BLOCK_BYTES = 8192;

/** The most steps of a turn: more would wait less often, but for longer. */
const STEPS = 16;

/** What a workgroup has of an operand. */
interface Block {
  readonly name: 'left' | 'right';
  readonly loading: Loading;
  /** Rows or columns of the operand, and how many of them the workgroup takes: a multiple of four. */
  readonly sides: number;
  readonly count: number;
  /** The first of them, as WGSL. */
  readonly first: string;
  /** How many of them a thread takes, and the number of its share. */
  readonly own: number;
  readonly share: string;
}

/** What all threads of a workgroup do in a turn. */
interface Turn {
  readonly threads: number;
  readonly steps: number;
  readonly depth: number;
  readonly type: string;
}

export type GroupLoop = typeof groupLoop;

/** Lines that add up as `productLoop` does. */
export function groupLoop(
  shader: Shader,
  { rows: sidesLeft, columns: sidesRight, depth }: ProductShape,
  tile: Tile,
  type: string,
  loads: Loads,
): readonly string[] {
  const { rows, columns, across, down } = tile;
  const left: Block = {
    name: 'left',
    loading: loads.left,
    sides: sidesLeft,
    count: rows * down,
    first: 'first_row',
    own: rows,
    share: `lane / ${across}u`,
  };
  const right: Block = {
    name: 'right',
    loading: loads.right,
    sides: sidesRight,
    count: columns * across,
    first: 'first_column',
    own: columns,
    share: `lane % ${across}u`,
  };
  const turn: Turn = { threads: across * down, steps: stepsFor(left.count + right.count, depth), depth, type };
  for (const { name, count } of [left, right])
    shader.declare(`var<workgroup> ${name}_block: array<vec4<${type}>, ${(turn.steps * count) / 4}>;`);
  const [ofLeft, ofRight] = [partsOf(left, turn), partsOf(right, turn)];
  const vectors = range(columns / VECTOR_COLUMNS);
  return [
    `let first_row = row - ${left.share} * ${rows}u;`,
    `let first_column = column - ${right.share} * ${columns}u;`,
    ...sums(tile, type),
    `for (var turn = 0u; turn < ${Math.ceil(depth / turn.steps)}u; turn++) {`,
    ...[...ofLeft.loads, ...ofRight.loads].map((line) => `  ${line}`),
    '  workgroupBarrier();',
    ...[...ofLeft.stores, ...ofRight.stores].map((line) => `  ${line}`),
    '  workgroupBarrier();',
    `  for (var step = 0u; step < ${turn.steps}u; step++) {`,
    ...[left, right].flatMap((block) => ownVectors(block).map((line) => `    ${line}`)),
    ...range(rows).flatMap((row) =>
      vectors.map((vector) => `    ${sumName(row, vector)} += left${row >> 2}.${'xyzw'[row % 4]} * right${vector};`),
    ),
    '  }',
    '}',
  ];
}

/** Steps along the depth of a turn: a power of two, four at least. */
const stepsFor = (count: number, depth: number): number =>
  Math.max(4, Math.min(STEPS, 2 ** Math.floor(Math.log2(BLOCK_BYTES / 4 / count)), 2 ** Math.ceil(Math.log2(depth))));

/** Elements of a load along the side and along the depth. */
const extents: Readonly<Record<Loading, { readonly wide: number; readonly deep: number }>> = {
  single: { wide: 1, deep: 1 },
  side: { wide: 4, deep: 1 },
  depth: { wide: 1, deep: 4 },
};

/** A thread's loads of its parts of a block, and where it stores them. Beyond the end of the depth they are zero. */
function partsOf(block: Block, turn: Turn): { readonly loads: readonly string[]; readonly stores: readonly string[] } {
  const { name, loading, sides, count, first } = block;
  const { threads, steps, depth, type } = turn;
  const { wide, deep } = extents[loading];
  const [across, along] = [count / wide, steps / deep];
  const zero = loading === 'single' ? `${type}()` : `vec4<${type}>()`;
  const parts = range(Math.ceil((across * along) / threads)).map((part) => {
    const at = part > 0 ? `(lane + ${part * threads}u)` : 'lane';
    const [side, step, loaded] = [`${name}_side${part}`, `${name}_step${part}`, `${name}_part${part}`];
    const sideAt = `min(${wide > 1 ? `${first} / ${wide}u` : first} + ${side}, ${sides / wide - 1}u)`;
    const depthAt = `turn * ${along}u + ${step}`;
    const load = `${name}_at(batch, ${sideAt}, ${depthAt})`;
    const isWhole = (part + 1) * threads <= across * along;
    const stores = storesOf(block, side, step, loaded);
    return {
      loads: [
        // Neighbours load what lies side by side.
        `let ${side} = ${at} ${loading === 'depth' ? `/ ${along}u` : `% ${across}u`};`,
        `let ${step} = ${at} ${loading === 'depth' ? `% ${along}u` : `/ ${across}u`};`,
        `let ${loaded} = ${depth % steps === 0 ? load : `select(${zero}, ${load}, ${depthAt} < ${depth / deep}u)`};`,
      ],
      stores: isWhole ? stores : [`if (${at} < ${across * along}u) {`, ...stores.map((line) => `  ${line}`), '}'],
    };
  });
  return { loads: parts.flatMap(({ loads }) => loads), stores: parts.flatMap(({ stores }) => stores) };
}

/** Stores a part of a block where the threads read it. */
function storesOf({ name, loading, count }: Block, side: string, step: string, part: string): readonly string[] {
  const target = (depth: string) => `${name}_block[${depth} * ${count / 4}u + ${side}`;
  if (loading === 'side') return [`${target(step)}] = ${part};`];
  if (loading === 'single') return [`${target(step)} / 4u][${side} % 4u] = ${part};`];
  return range(4).map(
    (place) => `${target(`(${step} * 4u + ${place}u)`)} / 4u][${side} % 4u] = ${part}.${'xyzw'[place]};`,
  );
}

/** What a thread takes of a block at a step, in vectors. */
const ownVectors = ({ name, count, own, share }: Block): readonly string[] =>
  range(own / 4).map(
    (vector) => `let ${name}${vector} = ${name}_block[step * ${count / 4}u + ${share} * ${own / 4}u + ${vector}u];`,
  );
