import type { OpDefinition } from './definition.js';
import type { HostTensor, TensorType } from './tensor.js';

/** A value's number: its index in `Program.types`. */
export type ValueId = number;

/** A named value at the program's border. Names are unique among the inputs, and among the outputs. */
export interface Port {
  readonly name: string;
  readonly value: ValueId;
}

export interface Constant {
  readonly value: ValueId;
  readonly tensor: HostTensor;
}

export type Attributes = Readonly<Record<string, unknown>>;

export interface Op {
  readonly definition: OpDefinition;
  readonly attributes: Attributes;
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
}

/** Output number `output` takes over the storage of input number `input`, which is donated: gone after a run. */
export interface Alias {
  readonly output: number;
  readonly input: number;
}

/**
 * A static-shape SSA tensor program. Every value is defined once, by an input, a constant or an op, before it is used.
 * Programs are plain immutable data; `verify` is their specification.
 */
export interface Program {
  readonly name: string;
  /** The type of each value, by value id. */
  readonly types: readonly TensorType[];
  readonly inputs: readonly Port[];
  readonly constants: readonly Constant[];
  readonly ops: readonly Op[];
  readonly outputs: readonly Port[];
  readonly aliases: readonly Alias[];
}
