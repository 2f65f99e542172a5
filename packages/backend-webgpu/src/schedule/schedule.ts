/** From a program to the kernels that compute it, and to where its values lie meanwhile. */
import { byteLength, elementCount, type Program, type ValueId } from '@attune/ir';
import { ProgramExpressions } from '../expressions/program-expressions.js';
import { groupKernels } from '../kernels/group-kernels.js';
import type { Kernel } from '../kernels/kernel.js';
import type { Storage } from '../kernels/shader.js';
import { packedFormats, wideFormats } from '../wgsl/format.js';
import { fuse } from './fuse.js';
import type { Group } from './group.js';
import { inPlaceOutputs, type Location } from './locations.js';
import { prepare } from './prepare.js';
import { planSlots } from './slots.js';
import { chooseStored } from './stored-values.js';
import { taskOf } from './task.js';
import { gpuTuning, type Tuning } from './tuning.js';

export interface ScheduleOptions {
  /** For a GPU of the default limits where absent. */
  readonly tuning?: Tuning;
}

/** An output that is an input, a constant or another output. */
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
}

export function schedule(source: Program, { tuning = gpuTuning }: ScheduleOptions = {}): Schedule {
  const program = prepare(source, tuning);
  const stored = new Set<ValueId>();
  const expressions = new ProgramExpressions(program, (value) => stored.has(value));
  chooseStored(program, expressions, stored);
  const tasks = program.ops
    .filter(({ outputs }) => outputs.some((output) => stored.has(output)))
    .map((op) => taskOf(op, expressions));
  const outputs = new Set(program.outputs.map(({ value }) => value));
  const isShared = (value: ValueId) =>
    elementCount(expressions.shapeOf(value)) === 1 &&
    expressions.producerOf(value) !== undefined &&
    !outputs.has(value);
  const groups = fuse(program, tasks, { maxBindings: tuning.maxBindings, isShared });
  return new Scheduler(program, expressions, groups, isShared, tuning).schedule();
}

class Scheduler {
  readonly #program: Program;
  readonly #expressions: ProgramExpressions;
  readonly #groups: readonly Group[];
  readonly #isShared: (value: ValueId) => boolean;
  readonly #tuning: Tuning;
  /** The groups that read each value, ascending. */
  readonly #readers = new Map<ValueId, number[]>();
  readonly #makers = new Map<ValueId, Group>();
  readonly #locations = new Map<ValueId, Location>();

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
    for (const [position, group] of groups.entries()) {
      for (const value of group.values) this.#makers.set(value, group);
      for (const value of group.members.flatMap(({ task }) => [...task.reads.keys()])) {
        const readers = this.#readers.get(value);
        if (readers) readers.push(position);
        else this.#readers.set(value, [position]);
      }
    }
  }

  schedule(): Schedule {
    const writes = this.#groups.map((group) => this.#writesOf(group));
    const copies = this.#placePorts();
    const scalarWords = this.#placeScalars(writes);
    const slots = this.#placeScratch(writes);
    const inPlace = inPlaceOutputs(this.#program, this.#groups);
    const storage = this.#storage(inPlace);
    const kernels = this.#groups.flatMap((group, position) => groupKernels(group, writes[position]!, storage));
    return {
      program: this.#program,
      kernels: kernels.filter(({ workgroups }) => !workgroups.includes(0)),
      locations: this.#locations,
      inPlace,
      slots,
      scalarWords,
      copies,
    };
  }

  /** What others than the group need of what it makes; ops with several results write all of them. */
  #writesOf(group: Group): readonly ValueId[] {
    const outputs = new Set(this.#program.outputs.map(({ value }) => value));
    const isRead = (value: ValueId) =>
      outputs.has(value) ||
      group.domain.kind === 'other' ||
      this.#readers.get(value)?.some((position) => this.#groups[position] !== group);
    return [...group.values].filter(isRead);
  }

  /** Places inputs, constants and outputs. @returns outputs that nothing writes */
  #placePorts(): readonly Copy[] {
    const { inputs, constants, outputs, types } = this.#program;
    for (const [index, { value }] of inputs.entries()) this.#locations.set(value, { kind: 'input', index });
    for (const [index, { value }] of constants.entries()) this.#locations.set(value, { kind: 'constant', index });
    const copies: Copy[] = [];
    for (const [output, { value }] of outputs.entries()) {
      const from = this.#locations.get(value);
      if (from) copies.push({ from, output, bytes: byteLength(types[value]!) });
      else this.#locations.set(value, { kind: 'output', index: output });
    }
    return copies;
  }

  #placeScalars(writes: readonly (readonly ValueId[])[]): number {
    const values = writes.flat().filter(this.#isShared);
    for (const [word, value] of values.entries()) this.#locations.set(value, { kind: 'scalar', word });
    return values.length;
  }

  #placeScratch(writes: readonly (readonly ValueId[])[]): readonly number[] {
    const lifetimes = writes.flatMap((values, first) =>
      values
        .filter((value) => !this.#locations.has(value))
        .map((value) => {
          const last = this.#readers.get(value)?.at(-1) ?? first;
          return { value, bytes: this.#bytesOf(value), first, last };
        }),
    );
    const { sizes, slotOf } = planSlots(lifetimes);
    for (const [value, slot] of slotOf) this.#locations.set(value, { kind: 'scratch', slot });
    return sizes;
  }

  #bytesOf(value: ValueId): number {
    return 4 * Math.ceil(elementCount(this.#expressions.shapeOf(value)) / this.#formatOf(value).perWord);
  }

  /** Elements of fewer than 32 bits are packed by elementwise kernels, and at the borders of the program. */
  readonly #formatOf = (value: ValueId) => {
    const dtype = this.#expressions.dtypeOf(value);
    const maker = this.#makers.get(value);
    return maker && maker.domain.kind !== 'map' ? wideFormats[dtype] : packedFormats[dtype];
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
    };
  }
}
