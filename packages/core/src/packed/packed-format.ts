/** Layouts of weights of few bits. */
import type { HostTensor, QuantizedMatrix, Value } from '@attune/ir';
import type { Scope } from '../scope.js';

/** The parts of a weight, by what follows its name in theirs. */
export type PackedParts = ReadonlyMap<string, HostTensor>;

/** What a device multiplies by. */
export interface PackedMatrix {
  readonly matrix: QuantizedMatrix;
  /** As `QuantizedMatrix` describes them. */
  readonly inputs: readonly [Value, ...Value[]];
}

export interface PackedFormat {
  /** For instance `nf4`. */
  readonly name: string;
  /** What follows the weight's name in those of its parts: nothing first, for the codes. */
  readonly suffixes: readonly string[];
  /** Declares the parts of a layer's weight [rows, width]. */
  matrix(layer: Scope, shape: readonly [rows: number, width: number]): PackedMatrix;
  /** The weight in f32, on the host. */
  numbers(parts: PackedParts, shape: readonly number[]): HostTensor;
}

/** How weights are packed, by their names. */
export type PackedFormats = ReadonlyMap<string, PackedFormat>;
