/** Which examples an epoch has if all classes are to be seen as often. */
import { permutation } from '@attune/core';

/**
 * As many examples as there are, with as many of every class but for a remainder, which goes to other classes from epoch to epoch. A class
 * with fewer repeats its examples, each about as often as the others, and one with more shows others in the next epoch. A function of
 * labels, seed and epoch.
 * @returns indices of examples, shuffled
 */
export function balancedOrder(
  labels: readonly number[],
  { seed, epoch }: { readonly seed: number; readonly epoch: number },
): readonly number[] {
  const classes = new Map<number, number[]>();
  for (const [index, label] of labels.entries()) {
    const members = classes.get(label);
    if (members) members.push(index);
    else classes.set(label, [index]);
  }
  const ascending = [...classes].sort(([one], [other]) => one - other);
  const share = Math.floor(labels.length / ascending.length);
  const extra = new Set(
    permutation(ascending.length, seed, 'balanced', epoch).slice(0, labels.length % ascending.length),
  );
  const chosen = ascending.flatMap(([label, members], place) => {
    const count = share + (extra.has(place) ? 1 : 0);
    // Each class goes on where its last epoch ended, but for remainders.
    return repeated(members, `balanced ${label}`, { start: epoch * share, count, seed });
  });
  return Array.from(permutation(chosen.length, seed, 'batches', epoch), (place) => chosen[place]!);
}

/** So many of endless rounds through the members, each round in an order of its own. */
function repeated(
  members: readonly number[],
  purpose: string,
  { start, count, seed }: { readonly start: number; readonly count: number; readonly seed: number },
): readonly number[] {
  const found: number[] = [];
  for (let round = Math.floor(start / members.length); found.length < count; round++) {
    const order = permutation(members.length, seed, purpose, round);
    const from = Math.max(0, start - round * members.length);
    for (const place of order.subarray(from, from + count - found.length)) found.push(members[place]!);
  }
  return found;
}
