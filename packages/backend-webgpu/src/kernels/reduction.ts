/**
 * Reductions, with what is computed from their operands and results. A few threads, the *lanes*, work on one reduction.
 * They pass over its elements as often as reductions need each other's results: each pass adds up what can be added up,
 * and stores what can be stored.
 */
import type { Op, ValueId } from '@attune/ir';
import { type Index, unflatten, variable } from '../expressions/index-expression.js';
import type { Scalar } from '../expressions/scalar.js';
import type { Level } from '../schedule/group.js';
import type { ReductionShape } from '../schedule/reduction-shape.js';
import type { Tuning } from '../schedule/tuning.js';
import { type Accumulator, accumulatorOf } from './accumulator.js';
import type { Kernel } from './kernel.js';
import { labelOf } from './label.js';
import { passesOf } from './passes.js';
import { type Resolve, Scope } from './scope.js';
import { Shader, type Storage, workgroupNumber } from './shader.js';

export interface ReductionMember {
  readonly op: Op;
  readonly level: Level;
  readonly isReduction: boolean;
  /** Values that it reads. */
  readonly reads: readonly ValueId[];
}

export interface ReductionPlan {
  readonly shape: ReductionShape;
  /** In an order in which they can be computed. */
  readonly members: readonly ReductionMember[];
  /** Results that are read by other kernels. */
  readonly writes: readonly ValueId[];
}

const WORKGROUP = 256;

export function reductionKernel(plan: ReductionPlan, storage: Storage): Kernel {
  const shader = new Shader(storage, plan.writes);
  const builder = new ReductionBuilder(plan, shader, lanesOf(plan.shape, storage.tuning));
  builder.build();
  return shader.finish({
    sized: true,
    label: labelOf(plan.members.map(({ op }) => op)),
    body: builder.scope.toString(),
    workgroupSize: WORKGROUP,
    workgroups: builder.workgroups,
    operations: plan.members.length * plan.shape.elements,
  });
}

/** Threads that work on one reduction: a power of two. */
function lanesOf({ inner, outer, isByRows }: ReductionShape, { maxLanes }: Tuning): number {
  const enough = isByRows ? Math.ceil(inner / 4) : Math.ceil(Math.min(inner / 16, 2 ** 16 / outer));
  const lanes = 2 ** Math.ceil(Math.log2(Math.max(enough, 1)));
  return Math.min(lanes, maxLanes);
}

class ReductionBuilder {
  readonly workgroups: number;
  readonly scope: Scope;
  readonly #plan: ReductionPlan;
  readonly #shader: Shader;
  readonly #lanes: number;
  readonly #slots: number;
  readonly #outer: Index;
  readonly #inner: Index;
  readonly #makers: ReadonlyMap<ValueId, ReductionMember>;
  /** Variables that hold results of reductions and what follows from them. */
  readonly #variables = new Map<ValueId, string>();

  constructor(plan: ReductionPlan, shader: Shader, lanes: number) {
    this.#plan = plan;
    this.#shader = shader;
    this.#lanes = lanes;
    this.#slots = WORKGROUP / lanes;
    this.workgroups = Math.ceil(plan.shape.outer / this.#slots);
    this.#outer = variable('outer', plan.shape.outer);
    this.#inner = variable('inner', plan.shape.inner);
    this.#makers = new Map(plan.members.flatMap((member) => member.op.outputs.map((id) => [id, member] as const)));
    this.scope = new Scope(shader, this.#resolve);
  }

  readonly #resolve: Resolve = (value) => {
    const variable = this.#variables.get(value);
    if (variable) return variable;
    const member = this.#makers.get(value);
    return member && !member.isReduction ? this.#elementOf(member) : undefined;
  };

  build(): void {
    this.#place();
    for (const pass of passesOf(this.#plan.members, this.#plan.writes)) {
      for (const member of pass.before) this.#computeOuter(member);
      this.#loop(pass.reductions, pass.stores);
    }
    this.#storeOuter();
  }

  /** Which reduction the thread works on, and as which of its lanes. Neighbours read neighbours. */
  #place(): void {
    const { outer, isByRows } = this.#plan.shape;
    const [lanes, slots] = [this.#lanes, this.#slots];
    const first = `${workgroupNumber(this.workgroups)} * ${slots}u`;
    if (lanes === 1) {
      this.scope.add(`let outer = ${first} + lane;`);
      if (!this.#isExact) this.scope.add(`if (outer >= ${outer}u) {`, '  return;', '}');
      return;
    }
    const [slot, own] = isByRows ? [`lane / ${lanes}u`, `lane % ${lanes}u`] : [`lane % ${slots}u`, `lane / ${slots}u`];
    this.scope.add(
      `let number = ${first} + ${slot};`,
      `let outer = ${this.#isExact ? 'number' : `min(number, ${outer - 1}u)`};`,
      `let part = ${own};`,
    );
  }

  /** The scalar of a task that is no reduction. */
  #elementOf({ op, level }: ReductionMember): Scalar {
    const { expressions } = this.#shader.storage;
    const index = level === 'outer' ? this.#outer : this.#plan.shape.elementIndex(this.#outer, this.#inner);
    return expressions.express(op, unflatten(index, expressions.shapeOf(op.outputs[0]!)));
  }

  #computeOuter(member: ReductionMember): void {
    this.#variables.set(member.op.outputs[0]!, this.scope.scalar(this.#elementOf(member)));
  }

  /** One pass over the elements. */
  #loop(reductions: readonly ReductionMember[], stores: readonly ReductionMember[]): void {
    if (reductions.length === 0 && stores.length === 0) return;
    const accumulators = reductions.map(({ op }) => accumulatorOf(op, this.#shader));
    for (const { name, type, initial } of accumulators.flatMap(({ kept }) => kept)) {
      this.scope.add(`var ${name}: ${type} = ${initial};`);
    }
    const body = this.scope.inner('inner');
    for (const [position, { op }] of reductions.entries()) {
      const { expressions } = this.#shader.storage;
      const index = this.#plan.shape.elementIndex(this.#outer, this.#inner);
      const operand = op.inputs[0]!;
      const scalar = expressions.element(operand, unflatten(index, expressions.shapeOf(operand)));
      body.add(...accumulators[position]!.add(body.scalar(scalar), 'inner'));
    }
    for (const member of stores) this.#storeElement(body, member);
    const { inner } = this.#plan.shape;
    const [start, step] = this.#lanes === 1 ? ['0u', 'inner++'] : ['part', `inner += ${this.#lanes}u`];
    this.scope.block(`for (var inner = ${start}; inner < ${inner}u; ${step})`, body);
    if (this.#lanes > 1) this.#combine(accumulators);
    for (const [position, { op }] of reductions.entries()) {
      this.#variables.set(op.outputs[0]!, accumulators[position]!.result);
    }
  }

  #storeElement(body: Scope, member: ReductionMember): void {
    const value = member.op.outputs[0]!;
    const number = body.scalar(this.#elementOf(member));
    const index = body.index(this.#plan.shape.elementIndex(this.#outer, this.#inner));
    const store = this.#shader.storeElement(value, index, number);
    const isGuarded = this.#lanes > 1 && !this.#isExact;
    body.add(...(isGuarded ? [`if (number < ${this.#plan.shape.outer}u) {`, `  ${store}`, '}'] : [store]));
  }

  /** Whether every thread has a reduction to work on. */
  get #isExact(): boolean {
    return this.#plan.shape.outer === this.workgroups * this.#slots && this.workgroups < 2 ** 16;
  }

  /** Gives every lane what all have together. */
  #combine(accumulators: readonly Accumulator[]): void {
    if (accumulators.length === 0) return;
    const { subgroupSize } = this.#shader.storage.tuning;
    const neighbours = this.#plan.shape.isByRows ? Math.min(this.#lanes, subgroupSize) : 1;
    if (neighbours > 1) this.#combineNeighbours(accumulators, neighbours);
    if (neighbours < this.#lanes) this.#combineShared(accumulators, neighbours);
  }

  /** Combines lanes that are neighbours in a subgroup, which pass values on to each other. */
  #combineNeighbours(accumulators: readonly Accumulator[], neighbours: number): void {
    const body = this.scope.inner();
    for (const { combine } of accumulators) body.add(...combine((name) => `subgroupShuffleXor(${name}, distance)`));
    this.scope.block(`for (var distance = ${neighbours / 2}u; distance > 0u; distance /= 2u)`, body);
  }

  /** Combines lanes by halves, of which neighbours have the same, through memory that the workgroup shares. */
  #combineShared(accumulators: readonly Accumulator[], neighbours: number): void {
    const stride = this.#plan.shape.isByRows ? 1 : this.#slots;
    const kept = accumulators.flatMap((accumulator) => accumulator.kept);
    const sharedAt = (place: string) => (name: string) => `${name}_shared[${place}]`;
    const share = kept.map(({ name }) => `${sharedAt('lane')(name)} = ${name};`);
    for (const { name, type } of kept) {
      this.#shader.declare(`var<workgroup> ${name}_shared: array<${type}, ${WORKGROUP}>;`);
    }
    this.scope.add(...share, 'workgroupBarrier();');
    const step = this.scope.inner();
    const half = step.inner();
    for (const { combine } of accumulators) half.add(...combine(sharedAt(times('lane + step', stride))));
    half.add(...share);
    step.block('if (part < step)', half);
    step.add('workgroupBarrier();');
    this.scope.block(`for (var step = ${this.#lanes / 2}u; step > ${Math.floor(neighbours / 2)}u; step /= 2u)`, step);
    this.scope.add(...kept.map(({ name }) => `${name} = ${sharedAt(times('lane - part', stride))(name)};`));
  }

  #storeOuter(): void {
    const { outer } = this.#plan.shape;
    const writes = this.#plan.writes.filter((value) => this.#makers.get(value)!.level === 'outer');
    if (writes.length === 0) return;
    const body = this.#lanes === 1 ? this.scope : this.scope.inner();
    for (const value of writes) {
      const variable = this.#variables.get(value) ?? body.scalar(this.#elementOf(this.#makers.get(value)!));
      body.add(this.#shader.storeElement(value, 'outer', variable));
    }
    if (this.#lanes > 1) this.scope.block(`if (part == 0u && number < ${outer}u)`, body);
  }
}

const times = (text: string, factor: number): string => (factor === 1 ? text : `${text} * ${factor}u`);
