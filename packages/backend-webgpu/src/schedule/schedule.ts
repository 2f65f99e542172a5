/** From a program to the kernels that compute it, and to where its values lie meanwhile. */
import { AttuneError, byteLength, bytesPerElement, elementCount, type Program, type ValueId } from '@attune/ir';
import { ProgramExpressions } from '../expressions/program-expressions.js';
import { groupKernels } from '../kernels/group-kernels.js';
import type { Binding, Block, Kernel } from '../kernels/kernel.js';
import type { Place, Storage } from '../kernels/shader.js';
import { hostFormat, passedFormat } from '../wgsl/format.js';
import { type Arena, type Family, findFamilies } from './arenas.js';
import { wordWindows } from './by-window.js';
import { fuse } from './fuse.js';
import type { Group } from './group.js';
import { inPlaceOutputs, type Location } from './locations.js';
import { prepare } from './prepare.js';
import { type Lifetime, planSlots } from './slots.js';
import { chooseStored } from './stored-values.js';
import { taskOf } from './task.js';
import { gpuTuning, type Tuning, windowBytes } from './tuning.js';

export interface ScheduleOptions {
  /** For a GPU of the default limits where absent. */
  readonly tuning?: Tuning;
}

/** An output that is an input, a constant, a single element or another output. */
interface Copy {
  readonly from: Location;
  readonly output: number;
  readonly bytes: number;
}

export interface Schedule {
  /** The program as it is computed: composites are decomposed. */
  readonly program: Program;
  readonly kernels: readonly Kernel[];
  /** Of stored values. */
  readonly locations: ReadonlyMap<ValueId, Location>;
  /** Inputs whose buffers become outputs, by output value. */
  readonly inPlace: ReadonlyMap<ValueId, ValueId>;
  /** Bytes of each slot of memory between kernels. */
  readonly slots: readonly number[];
  /** Words of the buffer of single elements. */
  readonly scalarWords: number;
  readonly copies: readonly Copy[];
  /** Bytes of a value that one binding takes. */
  readonly windowBytes: number;
  /** Where inputs that are updated in place lie in a run; values of the program. */
  readonly arenas: readonly Arena[];
}

export function schedule(source: Program, { tuning = gpuTuning }: ScheduleOptions = {}): Schedule {
  const program = prepare(source, tuning);
  const stored = new Set<ValueId>();
  const expressions = new ProgramExpressions(program, (value) => stored.has(value));
  const windowsOf = (value: ValueId) => wordWindows(value, expressions, tuning);
  chooseStored(program, expressions, stored, windowsOf);
  const tasks = program.ops
    .filter(({ outputs }) => outputs.some((output) => stored.has(output)))
    .map((op) => taskOf(op, expressions, tuning));
  const isShared = sharedValues(program, expressions);
  const groups = fuse(program, tasks, {
    maxBindings: tuning.maxBindings,
    isShared,
    windowsOf,
    dtypeOf: (value) => expressions.dtypeOf(value),
    maxWaitingBytes: tuning.partBytes / 4,
  });
  return new Scheduler(program, expressions, groups, isShared, tuning).schedule();
}

/** Which values share the buffer of single elements: not those that take an input over, or are packed outside. */
function sharedValues({ outputs, aliases, types }: Program, expressions: ProgramExpressions) {
  const own = new Set([
    ...aliases.map(({ output }) => outputs[output]!.value),
    ...outputs.flatMap(({ value }) => (bytesPerElement[types[value]!.dtype] < 4 ? [value] : [])),
  ]);
  return (value: ValueId): boolean =>
    elementCount(types[value]!.shape) === 1 && expressions.producerOf(value) !== undefined && !own.has(value);
}

class Scheduler {
  readonly #program: Program;
  readonly #expressions: ProgramExpressions;
  readonly #isShared: (value: ValueId) => boolean;
  readonly #tuning: Tuning;
  /** The groups, in the order in which they run. */
  #groups: readonly Group[];
  readonly #readers = new Map<ValueId, Group[]>();
  readonly #makers = new Map<ValueId, Group>();
  readonly #locations = new Map<ValueId, Location>();
  readonly #places = new Map<ValueId, Place>();

  constructor(
    program: Program,
    expressions: ProgramExpressions,
    groups: readonly Group[],
    isShared: (value: ValueId) => boolean,
    tuning: Tuning,
  ) {
    this.#tuning = tuning;
    this.#program = program;
    this.#expressions = expressions;
    this.#groups = groups;
    this.#isShared = isShared;
    for (const group of groups) {
      for (const value of group.values) this.#makers.set(value, group);
      for (const value of group.members.flatMap(({ task }) => [...task.reads.keys()])) {
        const readers = this.#readers.get(value);
        if (readers) readers.push(group);
        else this.#readers.set(value, [group]);
      }
    }
  }

  schedule(): Schedule {
    const writes = new Map(this.#groups.map((group) => [group, this.#writesOf(group)]));
    const writesOf = (group: Group) => writes.get(group)!;
    this.#placeGiven();
    const scalarWords = this.#placeScalars(writes.values());
    const copies = this.#placeOutputs();
    const inPlace = inPlaceOutputs(this.#program, this.#groups);
    const storage = this.#storage(inPlace);
    const families = findFamilies(this.#groups, {
      program: this.#program,
      storage,
      inPlace,
      writesOf,
      maxBytes: windowBytes(this.#tuning),
    });
    this.#groups = withFamilies(this.#groups, families);
    const arenas = families.flatMap((family) => family.arenas.flatMap((arena) => arena ?? []));
    const slots = this.#placeScratch(writesOf, arenas);
    const stateArenas = arenas.filter(({ kind }) => kind === 'state');
    this.#findPlaces(stateArenas, slots);
    const kernels = this.#kernels(families, stateArenas, writesOf, storage);
    for (const kernel of kernels) expectBindable(kernel, this.#tuning);
    return {
      program: this.#program,
      kernels: kernels.filter(({ workgroups }) => !workgroups.includes(0)),
      locations: this.#locations,
      inPlace,
      slots,
      scalarWords,
      copies,
      windowBytes: windowBytes(this.#tuning),
      arenas: stateArenas,
    };
  }

  /** What others than the group need of what it makes; ops with several results write all of them. */
  #writesOf(group: Group): readonly ValueId[] {
    const outputs = new Set(this.#program.outputs.map(({ value }) => value));
    const isRead = (value: ValueId) =>
      outputs.has(value) ||
      group.domain.kind === 'other' ||
      this.#readers.get(value)?.some((reader) => reader !== group);
    return [...group.values].filter(isRead);
  }

  #placeGiven(): void {
    const { inputs, constants } = this.#program;
    for (const [index, { value }] of inputs.entries()) this.#locations.set(value, { kind: 'input', index });
    for (const [index, { value }] of constants.entries()) this.#locations.set(value, { kind: 'constant', index });
  }

  /** @returns outputs that lie elsewhere already */
  #placeOutputs(): readonly Copy[] {
    const { outputs, types } = this.#program;
    const copies: Copy[] = [];
    for (const [output, { value }] of outputs.entries()) {
      const from = this.#locations.get(value);
      if (from) copies.push({ from, output, bytes: byteLength(types[value]!) });
      else this.#locations.set(value, { kind: 'output', index: output });
    }
    return copies;
  }

  #placeScalars(writes: Iterable<readonly ValueId[]>): number {
    const values = [...writes].flat().filter(this.#isShared);
    for (const [word, value] of values.entries()) this.#locations.set(value, { kind: 'scalar', word });
    return values.length;
  }

  /** Values that are passed on share slots by their lifetimes; those of an arena have a slot together. */
  #placeScratch(writesOf: (group: Group) => readonly ValueId[], arenas: readonly Arena[]): readonly number[] {
    const positions = new Map(this.#groups.map((group, position) => [group, position]));
    const blocks = new Map(arenas.flatMap((arena) => arena.values.map((value) => [value, arena] as const)));
    const lifetimes = new Map<Arena | ValueId, Lifetime>();
    for (const [position, group] of this.#groups.entries()) {
      for (const value of writesOf(group)) {
        if (this.#locations.has(value)) continue;
        const arena = blocks.get(value);
        const key = arena ?? value;
        const last = Math.max(position, ...(this.#readers.get(value) ?? []).map((reader) => positions.get(reader)!));
        const known = lifetimes.get(key);
        lifetimes.set(key, {
          values: arena?.values ?? [value],
          bytes: arena?.bytes ?? this.#bytesOf(value),
          first: known?.first ?? position,
          last: Math.max(last, known?.last ?? 0),
        });
      }
    }
    const { sizes, slotOf } = planSlots([...lifetimes.values()]);
    for (const [value, slot] of slotOf) {
      const arena = blocks.get(value);
      const offset = arena ? arena.offsets[arena.values.indexOf(value)]! : 0;
      this.#locations.set(value, { kind: 'scratch', slot, offset, bytes: this.#bytesOf(value) });
    }
    return sizes;
  }

  /** Values of f32 in arenas and slots that can be bound whole. */
  #findPlaces(arenas: readonly Arena[], slots: readonly number[]): void {
    const place = (value: ValueId, block: Block, offset: number) => {
      const isBindable = block.bytes <= windowBytes(this.#tuning) && this.#expressions.dtypeOf(value) === 'f32';
      if (isBindable) this.#places.set(value, { block, start: offset / 4 });
    };
    for (const [arena, { values, offsets, bytes }] of arenas.entries()) {
      for (const [position, value] of values.entries())
        place(value, { kind: 'arena', arena, bytes, writes: false }, offsets[position]!);
    }
    for (const [value, location] of this.#locations) {
      if (location.kind !== 'scratch') continue;
      const { slot, offset } = location;
      place(value, { kind: 'slot', slot, bytes: slots[slot]!, writes: false }, offset);
    }
  }

  #kernels(
    families: readonly Family[],
    state: readonly Arena[],
    writesOf: (group: Group) => readonly ValueId[],
    storage: Storage,
  ): readonly Kernel[] {
    const familyKernels = new Map(families.map((family) => [family.groups.at(-1)!, this.#familyKernel(family, state)]));
    const covered = new Set(families.flatMap(({ groups }) => groups));
    return this.#groups.flatMap((group) => {
      const own = familyKernels.get(group);
      if (own) return [own];
      return covered.has(group) ? [] : groupKernels(group, writesOf(group), storage);
    });
  }

  /** The kernel of a family, which binds arenas. */
  #familyKernel({ kernel, arenas }: Family, state: readonly Arena[]): Kernel {
    const bindings = kernel.bindings.map((binding, number): Binding => {
      const arena = arenas[number];
      if (!arena) return binding;
      if (arena.kind === 'state')
        return { kind: 'arena', arena: state.indexOf(arena), bytes: arena.bytes, writes: true };
      const location = this.#locations.get(arena.values[0]!);
      if (location?.kind !== 'scratch') throw new TypeError('an arena of values that are passed on has no slot');
      return { kind: 'slot', slot: location.slot, bytes: arena.bytes, writes: false };
    });
    return { ...kernel, bindings };
  }

  #bytesOf(value: ValueId): number {
    return 4 * Math.ceil((elementCount(this.#expressions.shapeOf(value)) * this.#formatOf(value).bytes) / 4);
  }

  /** Elements of fewer than 32 bits are packed by elementwise kernels, and at the borders of the program. */
  readonly #formatOf = (value: ValueId) => {
    const dtype = this.#expressions.dtypeOf(value);
    const maker = this.#makers.get(value);
    const format = maker && maker.domain.kind !== 'map' ? passedFormat : hostFormat;
    return format(dtype, this.#tuning);
  };

  #storage(inPlace: ReadonlyMap<ValueId, ValueId>): Storage {
    return {
      expressions: this.#expressions,
      tuning: this.#tuning,
      formatOf: this.#formatOf,
      scalarWord: (value) => {
        const location = this.#locations.get(value);
        return location?.kind === 'scalar' ? location.word : undefined;
      },
      inPlaceOf: (value) => inPlace.get(value),
      windowsOf: (value) => Math.ceil(this.#bytesOf(value) / windowBytes(this.#tuning)) || 1,
      placeOf: (value) => this.#places.get(value),
    };
  }
}

/** @throws AttuneError `E_UNSUPPORTED_PROGRAM` */
function expectBindable({ label, bindings }: Kernel, { maxBindings, maxBindingBytes }: Tuning): void {
  const count = bindings.filter(({ kind }) => kind !== 'parameters').length;
  if (count <= maxBindings) return;
  throw new AttuneError(
    'E_UNSUPPORTED_PROGRAM',
    `The tensors of a kernel (${label}) take ${count} bindings of ${maxBindingBytes} bytes; the device has ${maxBindings}.`,
    { field: label, hint: 'Take smaller batches or shorter texts, or another backend.' },
  );
}

/** The groups with those of each family where the last of them was. */
function withFamilies(groups: readonly Group[], families: readonly Family[]): readonly Group[] {
  const waiting = new Map(families.flatMap((family) => family.groups.map((group) => [group, family] as const)));
  return groups.flatMap((group) => {
    const family = waiting.get(group);
    if (!family) return [group];
    return group === family.groups.at(-1) ? family.groups : [];
  });
}
