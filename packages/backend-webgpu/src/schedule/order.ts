/** In which order groups run: after what they need, and, where they can, overwriting inputs after all others read them. */
import type { Program, ValueId } from '@attune/ir';
import type { Group } from './group.js';

/** @returns the groups, as far as that allows in their own order */
export function orderGroups(program: Program, groups: readonly Group[]): readonly Group[] {
  const makers = new Map(groups.flatMap((group) => [...group.values].map((value) => [value, group] as const)));
  const readers = readersOf(groups);
  const needs = new Map(
    groups.map((group) => [group, new Set(readsOf(group).flatMap((value) => makers.get(value) ?? []))]),
  );
  const waits = new Map(groups.map((group) => [group, new Set<Group>()]));
  for (const { input, output } of program.aliases) {
    const maker = makers.get(program.outputs[output]!.value);
    const others = readers.get(program.inputs[input]!.value) ?? [];
    if (maker) for (const other of others) waits.get(maker)!.add(other);
  }
  const order = new Set<Group>();
  const isDone = (group: Group, before: ReadonlySet<Group>) => {
    for (const other of before) if (other !== group && !order.has(other)) return false;
    return true;
  };
  const rest = new Set(groups);
  while (rest.size > 0) {
    const next = firstReady(
      rest,
      (group) => isDone(group, needs.get(group)!),
      (group) => isDone(group, waits.get(group)!),
    );
    order.add(next);
    rest.delete(next);
  }
  return [...order];
}

/** The first that is ready and waits for nothing, else the first that is ready. */
function firstReady(
  groups: Iterable<Group>,
  isReady: (group: Group) => boolean,
  isFree: (group: Group) => boolean,
): Group {
  let first: Group | undefined;
  for (const group of groups) {
    if (!isReady(group)) continue;
    if (isFree(group)) return group;
    first ??= group;
  }
  if (first) return first;
  throw new TypeError('groups need each other');
}

const readsOf = ({ members }: Group): readonly ValueId[] => members.flatMap(({ task }) => [...task.reads.keys()]);

function readersOf(groups: readonly Group[]): ReadonlyMap<ValueId, readonly Group[]> {
  const readers = new Map<ValueId, Group[]>();
  for (const group of groups) {
    for (const value of readsOf(group)) {
      const known = readers.get(value);
      if (known) known.push(group);
      else readers.set(value, [group]);
    }
  }
  return readers;
}
