/**
 * Arenas: tensors that lie side by side in one buffer, so that one kernel does to all of them what a program does to
 * each, as an optimizer to all parameters.
 */
import type { Program, ValueId } from '@attune/ir';
import { sameIndex } from '../expressions/index-expression.js';
import type { Kernel } from '../kernels/kernel.js';
import { mapKernel, mapPlan } from '../kernels/map.js';
import type { Storage } from '../kernels/shader.js';
import type { Group } from './group.js';
import { elementLoop } from './task.js';

/** What the offsets of storage bindings are multiples of, on every device. */
const ALIGNMENT = 256;

export interface Arena {
  /** Values in their order; of inputs that are updated in place, the inputs. */
  readonly values: readonly ValueId[];
  /** Of the values, in bytes. */
  readonly offsets: readonly number[];
  readonly bytes: number;
  /** Whether the values are inputs that outputs take over, or are passed on between kernels. */
  readonly kind: 'state' | 'passed';
}

/** Groups that are done by one kernel, over arenas in place of the values that each group binds. */
export interface Family {
  readonly groups: readonly Group[];
  /** By the number of the binding; undefined where it is the same buffer for all groups. */
  readonly arenas: readonly (Arena | undefined)[];
  /** The kernel of the first group, for as many elements as the arenas have. */
  readonly kernel: Kernel;
}

interface FamilyOptions {
  readonly program: Program;
  readonly storage: Storage;
  readonly inPlace: ReadonlyMap<ValueId, ValueId>;
  readonly writesOf: (group: Group) => readonly ValueId[];
  /** The most bytes of an arena. */
  readonly maxBytes: number;
}

/** A group that may be one of a family, with the values that its kernel binds. */
interface Member {
  readonly group: Group;
  readonly elements: number;
  readonly bound: readonly (ValueId | undefined)[];
}

/** @param groups in the order in which they run */
export function findFamilies(groups: readonly Group[], options: FamilyOptions): readonly Family[] {
  const alike = new Map<string, Member[]>();
  for (const group of groups) {
    const found = memberOf(group, options);
    if (!found) continue;
    const [key, member] = found;
    const known = alike.get(key);
    if (known) known.push(member);
    else alike.set(key, [member]);
  }
  const taken = new Set<ValueId>();
  return [...alike.values()].flatMap((members) =>
    partsOf(members, options.maxBytes).flatMap((part) => familyOf(part, groups, taken, options) ?? []),
  );
}

/** The group with a key that is equal for groups that do the same to other values; undefined where it does more. */
function memberOf(group: Group, options: FamilyOptions): readonly [key: string, member: Member] | undefined {
  const { domain, members } = group;
  if (domain.kind !== 'map') return undefined;
  const own = elementLoop(domain.elements);
  const { expressions, scalarWord } = options.storage;
  const isOwn = members.every(({ task }) =>
    [...task.reads].every(
      ([value, indices]) => scalarWord(value) !== undefined || indices.every((index) => sameIndex(index, own)),
    ),
  );
  const writes = options.writesOf(group);
  if (!isOwn || writes.length === 0) return undefined;
  const values = [...members.flatMap(({ task }) => [...task.reads.keys()]), ...writes];
  const isWide = (value: ValueId) => options.storage.formatOf(value).bytes === 4;
  if (!values.every(isWide) || writes.some((value) => scalarWord(value) !== undefined)) return undefined;
  const { code, bindings, parameters } = kernelOf(group, 0, options);
  if (bindings.some((binding) => binding.kind === 'value' && binding.window > 0)) return undefined;
  const bound = bindings.map((binding) => (binding.kind === 'value' ? binding.value : undefined));
  const kinds = bound.map((value) => (value === undefined ? '' : kindOf(value, options)));
  if (kinds.includes(undefined)) return undefined;
  const dtypes = bound.map((value) => (value === undefined ? '' : expressions.dtypeOf(value)));
  const words = parameters.map(({ value, word }) => `${value}.${word}`);
  return [[code, kinds, dtypes, words].join('|'), { group, elements: domain.elements, bound }];
}

function kernelOf(group: Group, elements: number, { storage, writesOf }: FamilyOptions): Kernel {
  const ops = group.members.map(({ task }) => task.op);
  const domain = group.domain.kind === 'map' ? group.domain.elements : 0;
  return mapKernel({ ...mapPlan(ops, domain, writesOf(group), storage.expressions), elements }, storage);
}

/** What kind of arena a value may lie in. */
function kindOf(value: ValueId, { program, inPlace, storage }: FamilyOptions): Arena['kind'] | undefined {
  if (inPlace.has(value)) return 'state';
  const isMade = storage.expressions.producerOf(value) !== undefined;
  return isMade && program.outputs.every((port) => port.value !== value) ? 'passed' : undefined;
}

/** Members whose arenas are not larger than they may be. */
function partsOf(members: readonly Member[], maxBytes: number): readonly (readonly Member[])[] {
  const parts: Member[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const member of members) {
    const own = paddedBytes(member.elements);
    if (bytes + own > maxBytes) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)!.push(member);
    bytes += own;
  }
  return parts;
}

const paddedBytes = (elements: number): number => Math.ceil((elements * 4) / ALIGNMENT) * ALIGNMENT;

/** @param taken values that lie in arenas; those of the family are added */
function familyOf(
  members: readonly Member[],
  groups: readonly Group[],
  taken: Set<ValueId>,
  options: FamilyOptions,
): Family | undefined {
  const [first] = members;
  const columns = first!.bound.map((value, binding) =>
    value === undefined ? undefined : members.map(({ bound }) => bound[binding]!),
  );
  const values = columns.flatMap((column) => column ?? []);
  const isFree = new Set(values).size === values.length && values.every((value) => !taken.has(value));
  if (members.length < 2 || !isFree || !canWait(members, groups) || !isApart(columns, groups)) return undefined;
  for (const value of values) taken.add(value);
  const offsets: number[] = [];
  let bytes = 0;
  for (const { elements } of members) {
    offsets.push(bytes);
    bytes += paddedBytes(elements);
  }
  const arenas = columns.map((column): Arena | undefined => {
    if (!column) return undefined;
    const kind = kindOf(column[0]!, options)!;
    return {
      kind,
      values: kind === 'state' ? column.map((value) => options.inPlace.get(value)!) : column,
      offsets,
      bytes,
    };
  });
  return { groups: members.map(({ group }) => group), arenas, kernel: kernelOf(first!.group, bytes / 4, options) };
}

/** Whether the groups can all run where the last of them does: nothing before that needs what they make. */
function canWait(members: readonly Member[], groups: readonly Group[]): boolean {
  const own = new Set(members.map(({ group }) => group));
  const made = new Set([...own].flatMap((group) => [...group.values]));
  const last = Math.max(...[...own].map((group) => groups.indexOf(group)));
  return groups.slice(0, last + 1).every((group) => {
    const reads = group.members.flatMap(({ task }) => [...task.reads.keys()]);
    return reads.every((value) => !made.has(value) || (own.has(group) && group.levelOf(value) !== undefined));
  });
}

/** Whether no kernel reads a value of an arena that it writes another one of: WebGPU forbids that of one buffer. */
function isApart(columns: readonly (readonly ValueId[] | undefined)[], groups: readonly Group[]): boolean {
  return columns.every((column) => {
    const values = new Set(column);
    return groups.every((group) => {
      const made = [...group.values];
      if (!made.some((value) => values.has(value))) return true;
      const reads = group.members.flatMap(({ task }) => [...task.reads.keys()]);
      return reads.every((value) => !values.has(value) || made.includes(value));
    });
  });
}
