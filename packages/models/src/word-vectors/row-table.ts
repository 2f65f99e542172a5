/**
 * A table of rows on the host, of which a program gets and changes only those that a batch names: a step costs the same
 * whatever the number of rows.
 */
import { uniformUnit } from '@attune/core/internal';

/** Names no row: it is read as zeros, and nothing is added to it. */
export const NO_ROW = -1;

export class RowTable {
  readonly rows: number;
  readonly width: number;
  readonly values: Float32Array;

  constructor(rows: number, width: number, start = 0) {
    this.rows = rows;
    this.width = width;
    this.values = new Float32Array(rows * width).fill(start);
  }

  /** Uniform in [-0.5, 0.5) / scale, as word2vec and GloVe begin. */
  static random(
    rows: number,
    width: number,
    draw: { readonly scale: number; readonly seed: number; readonly purpose: string },
  ) {
    const table = new RowTable(rows, width);
    const numbers = uniformUnit(rows * width, draw.seed, draw.purpose);
    for (let index = 0; index < numbers.length; index++) table.values[index] = (numbers[index]! - 0.5) / draw.scale;
    return table;
  }

  /** Copies the rows one after the other into `target`. */
  gather(ids: Int32Array, target: Float32Array): void {
    const { width, values } = this;
    for (let index = 0; index < ids.length; index++) {
      const id = ids[index]!;
      if (id === NO_ROW) target.fill(0, index * width, (index + 1) * width);
      else target.set(values.subarray(id * width, (id + 1) * width), index * width);
    }
  }

  /** Adds to each row what stands for it in `updates`; to a row that is named twice, both. */
  add(ids: Int32Array, updates: Float32Array): void {
    const { width, values } = this;
    for (let index = 0; index < ids.length; index++) {
      const id = ids[index]!;
      if (id === NO_ROW) continue;
      const end = (index + 1) * width;
      let to = id * width;
      for (let from = index * width; from < end; from++, to++) values[to]! += updates[from]!;
    }
  }
}
