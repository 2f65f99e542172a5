/** How matrix products are cut up: a few tiles, of which each kind of product has one, by default or by measurement. */
import type { ProductShape } from '../schedule/product-shape.js';

/** What the threads of a workgroup make of a product. Each adds up `rows` by `columns` elements. */
export interface Tile {
  /** Rows of a thread: a power of two. */
  readonly rows: number;
  /** Columns of a thread: 4, 8 or 16. */
  readonly columns: number;
  /** Threads side by side. */
  readonly across: number;
  /** Threads below each other. */
  readonly down: number;
  /** Steps along the depth in a turn of the loop, where four divide it. Operands that lie along it are read by fours anyway. */
  readonly unroll: 1 | 4;
  /** Whether four neighbours in a row load a quarter of their left block each and pass it on, which takes subgroups of four. */
  readonly shares: boolean;
}

/** Columns that are added up as one vector. */
export const VECTOR_COLUMNS = 4;

export const tileNames = ['4x4', '4x4 unrolled', '4x4 in large groups', '8x4', '2x4', '8x4 shared'] as const;

export type TileName = (typeof tileNames)[number];

/** The tiles to choose from. */
export const tiles: Readonly<Record<TileName, Tile>> = {
  '4x4': { rows: 4, columns: 4, across: 8, down: 8, unroll: 1, shares: false },
  '4x4 unrolled': { rows: 4, columns: 4, across: 8, down: 8, unroll: 4, shares: false },
  '4x4 in large groups': { rows: 4, columns: 4, across: 16, down: 16, unroll: 1, shares: false },
  '8x4': { rows: 8, columns: 4, across: 8, down: 8, unroll: 1, shares: false },
  '2x4': { rows: 2, columns: 4, across: 16, down: 8, unroll: 4, shares: false },
  '8x4 shared': { rows: 8, columns: 4, across: 8, down: 8, unroll: 4, shares: true },
};

/** For CPUs, whose loads cost more than the stack on which so many sums lie. */
const largeTile: Tile = { rows: 16, columns: 8, across: 4, down: 4, unroll: 1, shares: false };
const largeSharedTile: Tile = { rows: 16, columns: 4, across: 4, down: 4, unroll: 4, shares: true };

export const productKinds = ['square', 'deep', 'narrow', 'batched'] as const;

/** Products that are alike in what suits them. */
export type ProductKind = (typeof productKinds)[number];

/** The tile of every kind of product. */
export type TileChoice = Readonly<Record<ProductKind, TileName>>;

/** One tile for products of every kind. */
export const sameTile = (tile: TileName): TileChoice => ({ square: tile, deep: tile, narrow: tile, batched: tile });

/** Where nothing was measured. */
export const defaultTiles = sameTile('4x4');

type Sizes = Pick<ProductShape, 'batch' | 'rows' | 'columns' | 'depth'>;

/** Rows or columns up to which a product is narrow. */
const NARROW = 32;

export function productKind({ batch, rows, columns, depth }: Sizes): ProductKind {
  if (batch > 1) return 'batched';
  if (Math.min(rows, columns) <= NARROW) return 'narrow';
  return depth > 2 * Math.max(rows, columns) ? 'deep' : 'square';
}

export interface TileOptions {
  readonly tiles: TileChoice;
  /** Multiplications from which on a product has the large tile. */
  readonly largeProduct: number;
  readonly subgroupSize: number;
}

/** The chosen tile without threads, rows and columns that a small product has no work for. */
export function tileFor(shape: Sizes, options: TileOptions): Tile {
  const isLarge = shape.batch * shape.rows * shape.columns * shape.depth >= options.largeProduct;
  const canShare = options.subgroupSize >= 4;
  const large = canShare ? largeSharedTile : largeTile;
  const { rows, columns, across, down, unroll, shares } = isLarge ? large : tiles[options.tiles[productKind(shape)]];
  const ownRows = Math.min(rows, powerBelow(shape.rows));
  const ownColumns = Math.min(columns, Math.max(VECTOR_COLUMNS, powerBelow(shape.columns)));
  const ownAcross = powerOfTwo(Math.min(across, Math.ceil(shape.columns / ownColumns)));
  return {
    rows: ownRows,
    columns: ownColumns,
    across: ownAcross,
    down: powerOfTwo(Math.min((across * down) / ownAcross, Math.ceil(shape.rows / ownRows))),
    unroll: shape.depth % 4 === 0 ? unroll : 1,
    shares: shares && canShare && ownRows >= 4 && ownAcross >= 4,
  };
}

const powerBelow = (count: number): number => 2 ** Math.floor(Math.log2(Math.max(count, 1)));
const powerOfTwo = (count: number): number => 2 ** Math.ceil(Math.log2(Math.max(count, 1)));
