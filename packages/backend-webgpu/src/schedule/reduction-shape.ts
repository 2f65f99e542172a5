/** The axes of a reduction, as few as possible: neighbours that are both reduced or both kept are one. */
import { elementCount } from '@attune/ir';
import { flatten, type Index, unflatten } from '../expressions/index-expression.js';

interface Axis {
  readonly size: number;
  readonly reduced: boolean;
}

export class ReductionShape {
  readonly axes: readonly Axis[];
  /** Elements of the result. */
  readonly outer: number;
  /** Elements that each element of the result is made of. */
  readonly inner: number;

  constructor(shape: readonly number[], reducedAxes: readonly number[]) {
    const axes: Axis[] = [];
    for (const [position, size] of shape.entries()) {
      const reduced = reducedAxes.includes(position);
      const last = axes.at(-1);
      if (size === 1) continue;
      if (last?.reduced === reduced) axes[axes.length - 1] = { size: last.size * size, reduced };
      else axes.push({ size, reduced });
    }
    this.axes = axes;
    this.outer = elementCount(this.#sizes(false));
    this.inner = elementCount(this.#sizes(true));
  }

  get elements(): number {
    return this.outer * this.inner;
  }

  /** Equal for reductions that can share a loop. */
  get key(): string {
    return this.axes.map(({ size, reduced }) => `${reduced ? '-' : '+'}${size}`).join('');
  }

  /** Whether the elements of one reduction lie side by side. */
  get isByRows(): boolean {
    return this.axes.at(-1)?.reduced ?? true;
  }

  /** The flat index of the operand's element `inner` of the result's element `outer`. */
  elementIndex(outer: Index, inner: Index): Index {
    const kept = unflatten(outer, this.#sizes(false)).values();
    const summed = unflatten(inner, this.#sizes(true)).values();
    return flatten(
      this.axes.map(({ reduced }) => (reduced ? summed : kept).next().value!),
      this.axes.map(({ size }) => size),
    );
  }

  /** The flat index of the result's element that an element of the operand belongs to. */
  outerIndex(element: Index): Index {
    const coordinates = unflatten(
      element,
      this.axes.map(({ size }) => size),
    );
    return flatten(
      coordinates.filter((_, position) => !this.axes[position]!.reduced),
      this.#sizes(false),
    );
  }

  #sizes(reduced: boolean): number[] {
    return this.axes.filter((axis) => axis.reduced === reduced).map(({ size }) => size);
  }
}
