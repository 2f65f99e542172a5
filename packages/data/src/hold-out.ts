/** Which examples are kept for evaluation when the data come in one part. */
import { permutation } from '@attune/core';

/** What of an example says with which others it belongs together. */
interface Grouped {
  readonly ids: readonly number[];
  /** Its class lies under `labels`, if it has one. */
  readonly labels: Readonly<Record<string, unknown>>;
  readonly row: number;
}

/**
 * About a share of the examples, drawn by the seed: the same share of every class, and never a whole class. Examples of
 * one row, and rows with the same tokens, stay together, so that no text is on both sides.
 * @returns indices of the examples to hold out, in ascending order
 */
export function heldOutIndices(
  examples: readonly Grouped[],
  { share, seed }: { readonly share: number; readonly seed: number },
): readonly number[] {
  const chosen: number[] = [];
  let due = 0;
  for (const [label, groups] of groupsByClass(examples)) {
    due += share * groups.length;
    const count = Math.min(Math.round(due), groups.length - 1);
    const order = permutation(groups.length, seed, 'hold out', label);
    for (const index of order.slice(0, count)) chosen.push(...groups[index]!);
    due -= count;
  }
  return chosen.sort((one, other) => one - other);
}

/** Indices of examples that belong together, by class in ascending order; all in one class if they have none. */
function groupsByClass(examples: readonly Grouped[]): readonly (readonly [number, readonly number[][]])[] {
  const keyOfRow = new Map<number, string>();
  const groups = new Map<string, number[]>();
  for (const [index, { row, ids }] of examples.entries()) {
    const key = keyOfRow.get(row) ?? ids.join();
    keyOfRow.set(row, key);
    const group = groups.get(key);
    if (group) group.push(index);
    else groups.set(key, [index]);
  }
  const classes = new Map<number, number[][]>();
  for (const group of groups.values()) {
    const { labels } = examples[group[0]!]!;
    const label = typeof labels.labels === 'number' && Number.isInteger(labels.labels) ? labels.labels : 0;
    const members = classes.get(label);
    if (members) members.push(group);
    else classes.set(label, [group]);
  }
  return [...classes].sort(([one], [other]) => one - other);
}
