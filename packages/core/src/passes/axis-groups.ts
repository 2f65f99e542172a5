/** Axes of the two sides of a reshape that hold the same elements. */
export interface AxisGroup {
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/**
 * The finest grouping of the axes of a reshape, in order: [4, 6, 5] to [4, 2, 3, 5] gives {0} to {0}, {1} to {1, 2} and
 * {2} to {3}. Axes of size 1 are in no group. Both shapes hold the same number of elements, at least one.
 */
export function axisGroups(from: readonly number[], to: readonly number[]): readonly AxisGroup[] {
  const [left, right] = [from, to].map((shape) => [...shape.keys()].filter((axis) => shape[axis] !== 1));
  const groups: AxisGroup[] = [];
  const [lefts, rights] = [left!.values(), right!.values()];
  for (const first of lefts) {
    const group = { from: [first], to: [rights.next().value!] };
    let [a, b] = [from[first]!, to[group.to[0]!]!];
    while (a !== b) {
      const [shape, axes, own] = a < b ? [from, lefts, group.from] : [to, rights, group.to];
      const axis = axes.next().value!;
      own.push(axis);
      if (shape === from) a *= from[axis]!;
      else b *= to[axis]!;
    }
    groups.push(group);
  }
  return groups;
}
