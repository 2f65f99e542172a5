import type { ValueId } from '@attune/ir';

/** A buffer that a kernel binds. */
export type Binding =
  /** Of a value that is larger than a binding may be, the part number `window`. */
  | { readonly kind: 'value'; readonly value: ValueId; readonly writes: boolean; readonly window: number }
  /** An arena of inputs that are updated in place, by number, or a slot of memory between kernels: all of it. */
  | { readonly kind: 'arena'; readonly arena: number; readonly bytes: number; readonly writes: boolean }
  | { readonly kind: 'slot'; readonly slot: number; readonly bytes: number; readonly writes: false }
  /** The buffer of all values of one element. */
  | { readonly kind: 'scalars'; readonly writes: boolean }
  /** A block of elements of small inputs and constants. */
  | { readonly kind: 'parameters' };

/** A buffer that values lie in side by side. */
export type Block = Extract<Binding, { readonly kind: 'arena' | 'slot' }>;

/** An element of a small input or constant, by the word of the value's buffer that it lies in. */
export interface Parameter {
  readonly value: ValueId;
  readonly word: number;
}

/** One dispatch. */
export interface Kernel {
  /** The ops that it computes. */
  readonly label: string;
  /** A module of WGSL with the entry point `main`. Kernels of equal code share a pipeline. */
  readonly code: string;
  /** By binding number. */
  readonly bindings: readonly Binding[];
  /** The words of the block of parameters. */
  readonly parameters: readonly Parameter[];
  readonly workgroups: readonly [x: number, y: number, z: number];
  /** Floating-point operations, estimated. */
  readonly operations: number;
}
