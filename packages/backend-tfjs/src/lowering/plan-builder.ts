import {
  broadcastShapes,
  type DType,
  elementCount,
  type HostTensor,
  hostTensor,
  sameShape,
  type TensorType,
} from '@attune/ir';
import type { NamedAttrMap } from '@tensorflow/tfjs-core';
import { deviceTypes, isDeviceDType, isHostDType } from '../dtypes.js';
import type { HostStep, NativeAttribute, Place, Slot, SlotId, Step, Target } from './plan.js';

/** Appends steps and gives each result a slot. */
export class PlanBuilder {
  readonly target: Target;
  readonly slots: Slot[] = [];
  readonly steps: Step[] = [];
  readonly constants: { readonly slot: SlotId; readonly tensor: HostTensor }[] = [];
  readonly #scalars = new Map<string, SlotId>();
  readonly #reshaped = new Map<string, SlotId>();
  /** What a slot is a reshape of. */
  readonly #origins = new Map<SlotId, SlotId>();
  readonly #expanded = new Map<string, SlotId>();

  constructor(target: Target) {
    this.target = target;
  }

  slot(type: TensorType, place: Place = isHostDType(type.dtype) ? 'host' : 'device'): SlotId {
    this.slots.push({ type, place });
    return this.slots.length - 1;
  }

  type(slot: SlotId): TensorType {
    return this.slots[slot]!.type;
  }

  /** The type of what an elementwise kernel makes of slots that broadcast to each other. */
  broadcastType(slots: readonly SlotId[], dtype: DType): TensorType {
    const types = slots.map((slot) => ({ shape: this.type(slot).shape, dtype }));
    return { shape: broadcastShapes('broadcast', types), dtype };
  }

  constant(tensor: HostTensor): SlotId {
    const slot = this.slot(tensor.type);
    this.constants.push({ slot, tensor });
    return slot;
  }

  /** A scalar that is there once, however often it is asked for. */
  scalar(value: number, dtype: Extract<DType, 'f32' | 'i32'> = 'f32'): SlotId {
    const key = `${dtype}:${Object.is(value, -0) ? '-0' : value}`;
    const slot = this.#scalars.get(key) ?? this.constant(hostTensor([], [value], dtype));
    this.#scalars.set(key, slot);
    return slot;
  }

  /** A list of numbers, as operators take axes and sizes. */
  integers(values: readonly number[]): SlotId {
    return this.constant(hostTensor([values.length], values, 'i32'));
  }

  /** A kernel with one result. @param inputs slots by the kernel's names for them */
  kernel(
    kernel: string,
    inputs: Readonly<Record<string, SlotId>>,
    attributes: NamedAttrMap,
    result: TensorType,
  ): SlotId {
    return this.kernels(kernel, inputs, attributes, [result])[0]!;
  }

  /** A kernel with several results. */
  kernels(
    kernel: string,
    inputs: Readonly<Record<string, SlotId>>,
    attributes: NamedAttrMap,
    results: readonly TensorType[],
  ): readonly SlotId[] {
    const outputs = results.map((type) => this.slot(type));
    const names = Object.keys(inputs);
    this.steps.push({ kind: 'kernel', kernel, names, attributes, inputs: Object.values(inputs), outputs });
    return outputs;
  }

  /** An operator of native TensorFlow with one result. */
  native(
    operator: string,
    inputs: readonly SlotId[],
    attributes: readonly NativeAttribute[],
    result: TensorType,
  ): SlotId {
    const output = this.slot(result);
    this.steps.push({ kind: 'native', operator, attributes, inputs, outputs: [output] });
    return output;
  }

  /** The attribute that names the dtype of a slot of the device. */
  typeAttribute(name: string, slot: SlotId): NativeAttribute {
    const { dtype } = this.type(slot);
    if (!isDeviceDType(dtype)) throw new TypeError(`${dtype} is not on the device`);
    return { name, kind: 'type', value: deviceTypes[dtype] };
  }

  concat(inputs: readonly SlotId[], axis: number, result: TensorType): SlotId {
    const output = this.slot(result);
    this.steps.push({ kind: 'concat', axis, inputs, outputs: [output] });
    return output;
  }

  /** Work of the host: its inputs and results are slots of the host. */
  host(
    name: string,
    inputs: readonly SlotId[],
    results: readonly TensorType[],
    run: HostStep['run'],
  ): readonly SlotId[] {
    const outputs = results.map((type) => this.slot(type, 'host'));
    this.steps.push({ kind: 'host', name, inputs, outputs, run });
    return outputs;
  }

  /** The slot at the other place. */
  moved(slot: SlotId): SlotId {
    const { type, place } = this.slots[slot]!;
    const output = this.slot(type, place === 'host' ? 'device' : 'host');
    this.steps.push({ kind: place === 'host' ? 'upload' : 'download', inputs: [slot], outputs: [output] });
    return output;
  }

  /** The elements of a slot in another shape: one step for each shape, none for the own shape or that of before. */
  reshaped(slot: SlotId, shape: readonly number[]): SlotId {
    if (sameShape(this.type(slot).shape, shape)) return slot;
    const origin = this.#origins.get(slot) ?? slot;
    const { shape: own, dtype } = this.type(origin);
    if (sameShape(own, shape)) return origin;
    const key = `${origin}:${shape}`;
    const known = this.#reshaped.get(key);
    if (known !== undefined) return known;
    const reshaped = this.kernel('Reshape', { x: origin }, { shape: [...shape] }, { shape, dtype });
    this.#reshaped.set(key, reshaped);
    this.#origins.set(reshaped, origin);
    return reshaped;
  }

  /** The slot with its axes in another order; the slot itself where that is the own order. */
  transposed(slot: SlotId, permutation: readonly number[]): SlotId {
    const { shape, dtype } = this.type(slot);
    const result = permutation.map((axis) => shape[axis]!);
    // What moves nothing but axes of one element is a reshape.
    const moved = permutation.filter((axis) => shape[axis] !== 1);
    if (moved.every((axis, index) => index === 0 || moved[index - 1]! < axis)) return this.reshaped(slot, result);
    return this.kernel('Transpose', { x: slot }, { perm: [...permutation] }, { shape: result, dtype });
  }

  /** The slot repeated to a shape that its own broadcasts to; once for each slot and shape. */
  expanded(slot: SlotId, shape: readonly number[]): SlotId {
    if (elementCount(this.type(slot).shape) === elementCount(shape)) return this.reshaped(slot, shape);
    const key = `${slot}:${shape}`;
    const expanded = this.#expanded.get(key) ?? this.#expand(slot, shape);
    this.#expanded.set(key, expanded);
    return expanded;
  }

  #expand(slot: SlotId, shape: readonly number[]): SlotId {
    const { shape: own, dtype } = this.type(slot);
    if (this.target.native) {
      const sizes = this.integers(shape);
      const attributes = [this.typeAttribute('T', slot), this.typeAttribute('Tidx', sizes)];
      return this.native('BroadcastTo', [slot, sizes], attributes, { shape, dtype });
    }
    const aligned = [...new Array<number>(shape.length - own.length).fill(1), ...own];
    const reps = shape.map((size, axis) => (aligned[axis] === size ? 1 : size));
    return this.kernel('Tile', { x: this.reshaped(slot, aligned) }, { reps }, { shape, dtype });
  }
}
