/** Puts tasks together into groups, so that few kernels pass few values on through memory. */
import type { DType, Program, ValueId } from '@attune/ir';
import { type Index, sameIndex } from '../expressions/index-expression.js';
import { bindingCount } from './binding-count.js';
import { Dependencies } from './dependencies.js';
import { Group } from './group.js';
import { inPlaceOutputs } from './locations.js';
import { orderGroups } from './order.js';
import { elementLoop, type Task } from './task.js';

export interface FuseOptions {
  /** Buffers that one kernel may use. */
  readonly maxBindings: number;
  /** Values of one element, which share a buffer. */
  readonly isShared: (value: ValueId) => boolean;
  /** How many bindings a value takes. */
  readonly windowsOf: (value: ValueId) => number;
  readonly dtypeOf: (value: ValueId) => DType;
  /** The largest operand that may be kept until others can be reduced together with it. */
  readonly maxWaitingBytes: number;
}

/** How many groups back a reduction looks for others that it has nothing in common with but its shape. */
const NEARBY = 8;

/** @returns groups in an order in which they can run */
export function fuse(program: Program, tasks: readonly Task[], options: FuseOptions): readonly Group[] {
  const fusion = new Fusion(program, tasks, options);
  for (const task of tasks) fusion.place(task);
  return fusion.inOrder();
}

class Fusion {
  readonly #groups: Group[] = [];
  readonly #dependencies = new Dependencies();
  readonly #groupOf = new Map<Task, Group>();
  readonly #makers = new Map<ValueId, Task>();
  readonly #readers = new Map<ValueId, Task[]>();
  readonly #program: Program;
  readonly #outputs: ReadonlySet<ValueId>;
  /** Inputs that outputs take over, by output. */
  readonly #aliases: ReadonlyMap<ValueId, ValueId>;
  readonly #isShared: (value: ValueId) => boolean;
  readonly #windowsOf: (value: ValueId) => number;
  readonly #dtypeOf: (value: ValueId) => DType;
  readonly #maxBindings: number;
  readonly #maxWaitingBytes: number;

  constructor(
    program: Program,
    tasks: readonly Task[],
    { maxBindings, isShared, windowsOf, dtypeOf, maxWaitingBytes }: FuseOptions,
  ) {
    this.#program = program;
    this.#maxBindings = maxBindings;
    this.#maxWaitingBytes = maxWaitingBytes;
    this.#isShared = isShared;
    this.#windowsOf = windowsOf;
    this.#dtypeOf = dtypeOf;
    this.#outputs = new Set(program.outputs.map(({ value }) => value));
    this.#aliases = new Map(
      program.aliases.map(({ input, output }) => [program.outputs[output]!.value, program.inputs[input]!.value]),
    );
    for (const task of tasks) {
      for (const output of task.op.outputs) this.#makers.set(output, task);
      for (const value of task.reads.keys()) {
        const readers = this.#readers.get(value);
        if (readers) readers.push(task);
        else this.#readers.set(value, [task]);
      }
    }
  }

  /** Puts a task into the latest group that can do it too, or into a new one. */
  place(task: Task): void {
    const sources = this.#sources(task);
    for (const group of this.#candidates(task)) {
      const level = group.levelFor(task);
      if (level === undefined || this.#dependencies.anyNeeds(sources, group) || !this.#fits(task, group)) continue;
      group.add(task, level);
      this.#groupOf.set(task, group);
      this.#dependencies.add(group, sources);
      return;
    }
    const group = new Group(task);
    this.#groups.push(group);
    this.#groupOf.set(task, group);
    this.#dependencies.add(group, sources);
  }

  /**
   * Groups that make what a task reads, then groups that read the same elements or what the task overwrites, then, for
   * small reductions, those of before; the latest first. That two tasks read the same number is no reason to do them
   * together.
   */
  #candidates(task: Task): readonly Group[] {
    const found = (related: (value: ValueId) => readonly Task[]) =>
      [...task.reads.keys()].flatMap((value) => this.#groupsOf(related(value)));
    const makers = this.#dependencies.latestFirst(found((value) => this.#makerOf(value)));
    const readers = this.#dependencies.latestFirst([
      ...found((value) => (this.#isShared(value) ? [] : this.#readersLike(task.reads.get(value)!, value))),
      ...this.#groupsOf(this.#readersOfOverwritten(task)),
    ]);
    const isSmall = task.kind === 'reduction' && 4 * task.shape.elements <= this.#maxWaitingBytes;
    const earlier = isSmall ? this.#groups.slice(-NEARBY).toReversed() : [];
    return [...new Set([...makers, ...readers, ...earlier])];
  }

  #makerOf(value: ValueId): readonly Task[] {
    const maker = this.#makers.get(value);
    return maker ? [maker] : [];
  }

  #groupsOf(tasks: readonly Task[]): readonly Group[] {
    return tasks.flatMap((task) => this.#groupOf.get(task) ?? []);
  }

  /** The tasks that read an element of an input where a task makes the one that takes its place. */
  #readersOfOverwritten(task: Task): readonly Task[] {
    const input = this.#aliases.get(task.op.outputs[0]!);
    if (input === undefined || task.kind !== 'map') return [];
    return this.#readersLike([elementLoop(task.elements)], input);
  }

  /** The tasks that read a value at one of some indices. */
  #readersLike(own: readonly Index[], value: ValueId): readonly Task[] {
    return (this.#readers.get(value) ?? []).filter((other) =>
      other.reads.get(value)!.some((index) => own.some((each) => sameIndex(index, each))),
    );
  }

  /** The groups whose results a task reads. */
  #sources(task: Task): readonly Group[] {
    return [...task.reads.keys()].flatMap((value) =>
      this.#makerOf(value).flatMap((maker) => this.#groupOf.get(maker) ?? []),
    );
  }

  /** Whether a kernel for group and task has enough bindings, if readers that are not placed yet will join it. */
  #fits(task: Task, group: Group): boolean {
    const members = [...group.members.map((member) => member.task), task];
    const isWritten = (value: ValueId) =>
      this.#outputs.has(value) ||
      (this.#readers.get(value) ?? []).some((reader) => {
        const placed = this.#groupOf.get(reader);
        return placed !== undefined && placed !== group;
      });
    const counted = {
      aliases: this.#aliases,
      isShared: this.#isShared,
      windowsOf: this.#windowsOf,
      dtypeOf: this.#dtypeOf,
      isWritten,
    };
    return bindingCount(members, counted) <= this.#maxBindings;
  }

  /** Groups whose kernels have enough bindings, in order. */
  inOrder(): readonly Group[] {
    let groups = orderGroups(this.#program, this.#groups);
    for (;;) {
      const inPlace = inPlaceOutputs(this.#program, groups);
      const parts = groups.flatMap((group) => this.#split(group, inPlace));
      if (parts.length === groups.length) return groups;
      groups = orderGroups(this.#program, parts);
    }
  }

  /** Cuts a group whose readers did not join it after all into parts that have enough bindings. */
  #split(group: Group, inPlace: ReadonlyMap<ValueId, ValueId>): readonly Group[] {
    const tooMany = (tasks: readonly Task[]) => {
      const isWritten = (value: ValueId) =>
        this.#outputs.has(value) || (this.#readers.get(value) ?? []).some((reader) => !tasks.includes(reader));
      return (
        bindingCount(tasks, {
          aliases: inPlace,
          isShared: this.#isShared,
          windowsOf: this.#windowsOf,
          dtypeOf: this.#dtypeOf,
          isWritten,
        }) > this.#maxBindings
      );
    };
    const tasks = group.members.map(({ task }) => task);
    if (!tooMany(tasks)) return [group];
    const parts: Group[] = [];
    for (const task of tasks) {
      const part = parts.at(-1);
      const level = part?.levelFor(task);
      const together = [...(part?.members ?? []).map((member) => member.task), task];
      if (part && level && !tooMany(together)) part.add(task, level);
      else parts.push(new Group(task));
    }
    return parts;
  }
}
