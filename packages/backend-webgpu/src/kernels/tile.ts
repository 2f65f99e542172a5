import type { ProductShape } from '../schedule/product-shape.js';

/** What a workgroup makes of a product. Each thread adds up `threadRows` by 4 elements. */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
  /** Elements of a sum between two times of loading. */
  readonly depth: number;
  readonly threadRows: number;
}

export function tileFor({ rows, columns }: ProductShape): Tile {
  if (rows >= 64 && columns >= 64) return { rows: 64, columns: 64, depth: 16, threadRows: 4 };
  return { rows: 32, columns: 32, depth: 16, threadRows: 4 };
}
