/**
 * What emitters work on. A program value is held as a slot whose own shape broadcasts (NumPy's way) to the value's:
 * broadcasts cost nothing until somebody needs the full tensor. Values of the host are always full.
 */
import type { Program, TensorType, ValueId } from '@attune/ir';
import type { SlotId, Target } from './plan.js';
import { PlanBuilder } from './plan-builder.js';

export class Lowering {
  readonly plan: PlanBuilder;
  readonly program: Program;
  /** The slots of the program's inputs, in order. */
  readonly inputs: readonly SlotId[];
  readonly #onDevice = new Map<ValueId, SlotId>();
  readonly #onHost = new Map<ValueId, SlotId>();
  /** Scalars that are constants, by value id. */
  readonly #scalars = new Map<ValueId, number>();

  constructor(program: Program, target: Target) {
    this.plan = new PlanBuilder(target);
    this.program = program;
    this.inputs = program.inputs.map(({ value }) => {
      const slot = this.plan.slot(this.type(value));
      this.hold(value, slot);
      return slot;
    });
    for (const { value, tensor } of program.constants) {
      const { dtype, shape } = tensor.type;
      const [element] = tensor.data;
      const isScalar = shape.length === 0 && element !== undefined && (dtype === 'f32' || dtype === 'i32');
      if (isScalar) this.#scalars.set(value, element);
      this.hold(value, isScalar ? this.plan.scalar(element, dtype) : this.plan.constant(tensor));
    }
  }

  type(id: ValueId): TensorType {
    return this.program.types[id]!;
  }

  /** Declares the slot that stands for a value, where it lies; on the device its shape broadcasts to the value's. */
  hold(id: ValueId, slot: SlotId): void {
    const places = this.plan.slots[slot]!.place === 'host' ? this.#onHost : this.#onDevice;
    places.set(id, slot);
  }

  /** Declares a slot of the device with the elements of the value in whatever shape. */
  result(id: ValueId, slot: SlotId): void {
    this.hold(id, this.plan.reshaped(slot, this.type(id).shape));
  }

  /** The slot of a value on the device, in any shape that broadcasts to the value's. */
  held(id: ValueId): SlotId {
    const slot = this.#onDevice.get(id) ?? this.plan.moved(this.#onHost.get(id)!);
    this.#onDevice.set(id, slot);
    return slot;
  }

  /** The slot of a value on the device, in the value's own shape. */
  full(id: ValueId): SlotId {
    return this.plan.expanded(this.held(id), this.type(id).shape);
  }

  /** The slot of a value on the host. */
  onHost(id: ValueId): SlotId {
    const slot = this.#onHost.get(id) ?? this.plan.moved(this.full(id));
    this.#onHost.set(id, slot);
    return slot;
  }

  /** The value of a constant scalar (also broadcast), undefined for everything else. */
  scalarOf(id: ValueId): number | undefined {
    return this.#scalars.get(id);
  }

  /** Marks a value as a broadcast of a constant scalar. */
  keepScalar(id: ValueId, source: ValueId): void {
    const scalar = this.#scalars.get(source);
    if (scalar !== undefined) this.#scalars.set(id, scalar);
  }
}
