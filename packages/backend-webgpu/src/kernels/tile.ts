import type { ProductShape } from '../schedule/product-shape.js';

/** What the threads of a workgroup make of a product. Each adds up `rows` by 4 elements in registers. */
export interface Tile {
  /** Rows of a thread: 1, 2 or 4. */
  readonly rows: number;
  /** Threads side by side. */
  readonly across: number;
  /** Threads below each other. */
  readonly down: number;
}

/** Columns of a thread. */
export const TILE_COLUMNS = 4;

const THREADS = 64;

export function tileFor({ rows, columns }: ProductShape): Tile {
  const ownRows = rows >= 4 ? 4 : rows >= 2 ? 2 : 1;
  const across = powerOfTwo(Math.min(8, Math.ceil(columns / TILE_COLUMNS)));
  const down = powerOfTwo(Math.min(THREADS / across, Math.ceil(rows / ownRows)));
  return { rows: ownRows, across, down };
}

const powerOfTwo = (count: number): number => 2 ** Math.ceil(Math.log2(count));
