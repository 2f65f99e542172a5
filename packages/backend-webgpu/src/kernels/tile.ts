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
  /**
   * How threads come by what their neighbours need as well: each loads all of it `alone`, and the cache shares; the `group`
   * loads blocks into its memory, each thread a part; or four neighbours in a row load a quarter of their left block each
   * and pass it on, a `quad`, which takes subgroups.
   */
  readonly loads: 'alone' | 'group' | 'quad';
}

/** Columns that are added up as one vector. */
export const VECTOR_COLUMNS = 4;

export const tileNames = ['4x4', '8x4', '4x4 by groups', '8x4 by groups', '8x4 by quads'] as const;

export type TileName = (typeof tileNames)[number];

const groups = { columns: 4, across: 8, down: 8 } as const;

/** The tiles to choose from. */
export const tiles: Readonly<Record<TileName, Tile>> = {
  '4x4': { ...groups, rows: 4, loads: 'alone' },
  '8x4': { ...groups, rows: 8, loads: 'alone' },
  '4x4 by groups': { ...groups, rows: 4, loads: 'group' },
  '8x4 by groups': { ...groups, rows: 8, loads: 'group' },
  '8x4 by quads': { ...groups, rows: 8, loads: 'quad' },
};

/** For CPUs, whose loads cost more than the stack on which so many sums lie. */
const largeTile: Tile = { rows: 16, columns: 8, across: 4, down: 4, loads: 'alone' };
const largeQuadTile: Tile = { rows: 16, columns: 4, across: 4, down: 4, loads: 'quad' };

export const productKinds = ['square', 'wide', 'deep', 'narrow', 'batched'] as const;

/** Products that are alike in what suits them. */
export type ProductKind = (typeof productKinds)[number];

/** The tile of every kind of product. */
export type TileChoice = Readonly<Record<ProductKind, TileName>>;

/** One tile for products of every kind. */
export const sameTile = (tile: TileName): TileChoice => ({
  square: tile,
  wide: tile,
  deep: tile,
  narrow: tile,
  batched: tile,
});

/** Where nothing was measured. */
export const defaultTiles = sameTile('4x4');

type Sizes = Pick<ProductShape, 'batch' | 'rows' | 'columns' | 'depth'>;

/** Rows or columns up to which a product is narrow. */
const NARROW = 32;

/** Elements from which on a product has work for many threads, whatever the tile. */
const WIDE = 2 ** 20;

export function productKind({ batch, rows, columns, depth }: Sizes): ProductKind {
  if (batch > 1) return 'batched';
  if (Math.min(rows, columns) <= NARROW) return 'narrow';
  if (rows * columns >= WIDE) return 'wide';
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
  const hasQuads = options.subgroupSize >= 4;
  const large = hasQuads ? largeQuadTile : largeTile;
  const { rows, columns, across, down, loads } = isLarge ? large : tiles[options.tiles[productKind(shape)]];
  const ownRows = Math.min(rows, powerBelow(shape.rows));
  const ownColumns = Math.min(columns, Math.max(VECTOR_COLUMNS, powerBelow(shape.columns)));
  const ownAcross = powerOfTwo(Math.min(across, Math.ceil(shape.columns / ownColumns)));
  const canShare = ownRows >= 4 && (loads === 'group' || (hasQuads && ownAcross >= 4));
  return {
    rows: ownRows,
    columns: ownColumns,
    across: ownAcross,
    down: powerOfTwo(Math.min((across * down) / ownAcross, Math.ceil(shape.rows / ownRows))),
    loads: canShare ? loads : 'alone',
  };
}

const powerBelow = (count: number): number => 2 ** Math.floor(Math.log2(Math.max(count, 1)));
const powerOfTwo = (count: number): number => 2 ** Math.ceil(Math.log2(Math.max(count, 1)));
