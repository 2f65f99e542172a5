/** A dot_general as a batch of matrix products: [batch, rows, depth] by [batch, depth, columns]. */
import { type DotGeneralAttributes, elementCount, freeAxes } from '@attune/ir';
import { flatten, type Index, unflatten } from '../expressions/index-expression.js';

/** The axes of an operand that one index runs over. */
interface AxisGroup {
  readonly axes: readonly number[];
  readonly index: Index;
}

export class ProductShape {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  /** Elements that are summed up. */
  readonly depth: number;
  readonly #attributes: DotGeneralAttributes;
  readonly #lhs: readonly number[];
  readonly #rhs: readonly number[];

  constructor(attributes: DotGeneralAttributes, lhs: readonly number[], rhs: readonly number[]) {
    const { lhsBatch, rhsBatch, lhsContract, rhsContract } = attributes;
    this.#attributes = attributes;
    this.#lhs = lhs;
    this.#rhs = rhs;
    this.batch = sizeOf(lhs, lhsBatch);
    this.depth = sizeOf(lhs, lhsContract);
    this.rows = sizeOf(lhs, freeAxes(lhs.length, lhsBatch, lhsContract));
    this.columns = sizeOf(rhs, freeAxes(rhs.length, rhsBatch, rhsContract));
  }

  /** Elements of the result. */
  get elements(): number {
    return this.batch * this.rows * this.columns;
  }

  /** Coordinates in the left operand. */
  lhsAt(batch: Index, row: Index, depth: Index): readonly Index[] {
    const { lhsBatch, lhsContract } = this.#attributes;
    return coordinatesOf(this.#lhs, [
      { axes: lhsBatch, index: batch },
      { axes: freeAxes(this.#lhs.length, lhsBatch, lhsContract), index: row },
      { axes: lhsContract, index: depth },
    ]);
  }

  /** Coordinates in the right operand. */
  rhsAt(batch: Index, depth: Index, column: Index): readonly Index[] {
    const { rhsBatch, rhsContract } = this.#attributes;
    return coordinatesOf(this.#rhs, [
      { axes: rhsBatch, index: batch },
      { axes: rhsContract, index: depth },
      { axes: freeAxes(this.#rhs.length, rhsBatch, rhsContract), index: column },
    ]);
  }

  /** The flat index in the result. */
  resultIndex(batch: Index, row: Index, column: Index): Index {
    return flatten([batch, row, column], [this.batch, this.rows, this.columns]);
  }
}

const sizeOf = (shape: readonly number[], axes: readonly number[]): number =>
  elementCount(axes.map((axis) => shape[axis]!));

function coordinatesOf(shape: readonly number[], groups: readonly AxisGroup[]): readonly Index[] {
  const coordinates = new Array<Index>(shape.length);
  for (const { axes, index } of groups) {
    const parts = unflatten(
      index,
      axes.map((axis) => shape[axis]!),
    );
    for (const [position, axis] of axes.entries()) coordinates[axis] = parts[position]!;
  }
  return coordinates;
}
