/** Rows of numbers that are mostly zero. */
export interface SparseRow {
  /** Ascending, each once. */
  readonly columns: Int32Array;
  readonly values: Float64Array;
}

/** What follows in one row. @param entries by column */
export function sparseRow(entries: ReadonlyMap<number, number>): SparseRow {
  const columns = Int32Array.from(entries.keys()).sort();
  return { columns, values: Float64Array.from(columns, (column) => entries.get(column) ?? 0) };
}

/** Rows side by side: those of the second come behind `width` columns of the first. */
export function beside(one: SparseRow, other: SparseRow, width: number): SparseRow {
  const columns = new Int32Array(one.columns.length + other.columns.length);
  columns.set(one.columns);
  columns.set(
    other.columns.map((column) => column + width),
    one.columns.length,
  );
  const values = new Float64Array(columns.length);
  values.set(one.values);
  values.set(other.values, one.values.length);
  return { columns, values };
}
