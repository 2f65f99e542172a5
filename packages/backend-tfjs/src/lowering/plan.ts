/**
 * A program as a list of steps on slots: kernels of TensorFlow.js by name, work of the host, and the copies between the
 * two. Types are static, so that a run only calls kernels and frees each slot behind its last use.
 */
import type { HostTensor, TensorType } from '@attune/ir';
import type { NamedAttrMap } from '@tensorflow/tfjs-core';

export type SlotId = number;

/** What kind of TensorFlow.js a plan is for. */
export interface Target {
  /** Whether operators of native TensorFlow may be used beside the kernels. */
  readonly native: boolean;
  /** Whether the kernels Maximum and Minimum may return the number where their second operand is NaN. */
  readonly extremesDropNaN: boolean;
}

/** Where a value lies: in TensorFlow.js, or in a typed array because TensorFlow.js lacks its dtype. */
export type Place = 'device' | 'host';

export interface Slot {
  readonly type: TensorType;
  readonly place: Place;
}

interface StepBase {
  readonly inputs: readonly SlotId[];
  readonly outputs: readonly SlotId[];
}

/** A kernel that every flavour may have; `names` are its inputs' names. */
interface KernelStep extends StepBase {
  readonly kind: 'kernel';
  readonly kernel: string;
  readonly names: readonly string[];
  readonly attributes: NamedAttrMap;
}

/** The one kernel whose inputs are a list. */
interface ConcatStep extends StepBase {
  readonly kind: 'concat';
  readonly axis: number;
}

/** An attribute of an operator of native TensorFlow, by its kind. */
export type NativeAttribute =
  | { readonly name: string; readonly kind: 'type'; readonly value: 'float32' | 'int32' | 'bool' }
  | { readonly name: string; readonly kind: 'bool'; readonly value: boolean };

/** An operator of native TensorFlow that TensorFlow.js has no kernel for. */
interface NativeStep extends StepBase {
  readonly kind: 'native';
  readonly operator: string;
  readonly attributes: readonly NativeAttribute[];
}

/** JavaScript on typed arrays. */
export interface HostStep extends StepBase {
  readonly kind: 'host';
  readonly name: string;
  run(inputs: readonly HostTensor[]): readonly HostTensor[];
}

/** The copy of a slot to the other place. */
interface TransferStep extends StepBase {
  readonly kind: 'upload' | 'download';
}

export type Step = KernelStep | ConcatStep | NativeStep | HostStep | TransferStep;

export interface Plan {
  readonly name: string;
  readonly slots: readonly Slot[];
  /** The slots of the program's inputs, in order. */
  readonly inputs: readonly SlotId[];
  readonly constants: readonly { readonly slot: SlotId; readonly tensor: HostTensor }[];
  readonly steps: readonly Step[];
  /** The slots of the program's outputs, in order; each is made by a step and occurs once. */
  readonly outputs: readonly SlotId[];
}
