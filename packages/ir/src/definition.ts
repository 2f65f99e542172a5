import type { Value } from './builder.js';
import type { Recur } from './functions/recurrence.js';
import type { Attributes } from './program.js';
import type { HostTensor, TensorType } from './tensor.js';

/**
 * A tensor inside the reference interpreter: floating dtypes are held in float64, the others in their own width.
 */
export interface ReferenceTensor {
  readonly type: TensorType;
  readonly data: Float64Array | Int32Array | Uint32Array | Uint8Array;
}

/** One application of an op, as its vjp sees it. `cotangents[j]` is undefined where output j does not reach the result. */
export interface VjpContext<A> {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: A;
  readonly cotangents: readonly (Value | undefined)[];
}

/**
 * Inputs that the conformance kit runs an op on: shapes, dtypes and edge cases. They stand beside the definition, as
 * `expSamples` beside `expDefinition`, so that bundles leave them out.
 */
export interface Sample<A> {
  readonly name: string;
  readonly attributes: A;
  readonly inputs: readonly HostTensor[];
  /** False where the gradient cannot be checked by finite differences at these inputs (a kink, a tie). */
  readonly smooth?: boolean;
}

interface DefinitionBase<Name extends string, A extends Attributes> {
  readonly name: Name;
  /** The types of the outputs. Throws AttuneError `E_SHAPE` for inputs that the op does not take. */
  infer(inputs: readonly TensorType[], attributes: A): readonly TensorType[];
}

/** A member of the closed set that every backend implements. Methods, so that tables of definitions stay assignable. */
export interface PrimitiveDefinition<Name extends string = string, A extends Attributes = Attributes>
  extends DefinitionBase<Name, A> {
  readonly kind: 'primitive';
  /** Cotangents of the inputs, undefined where there is none (integers, masks). */
  vjp(context: VjpContext<A>): readonly (Value | undefined)[];
  /** The meaning of the op, in float64. `outputs` are the inferred types. */
  reference(
    inputs: readonly ReferenceTensor[],
    attributes: A,
    outputs: readonly TensorType[],
  ): readonly ReferenceTensor[];
}

/** A member of the open set: defined by its decomposition, which a backend may replace by a native kernel. */
export interface CompositeDefinition<Name extends string = string, A extends Attributes = Attributes>
  extends DefinitionBase<Name, A> {
  readonly kind: 'composite';
  decompose(inputs: readonly Value[], attributes: A): readonly Value[];
  /**
   * Of a composite that goes through sequences step by step: its decomposition, with that done in a way of the caller's.
   * `decompose` unrolls the steps.
   */
  decomposeBy?(recur: Recur, inputs: readonly Value[], attributes: A): readonly Value[];
  /** Its decomposition in such parts that what they make on the way takes no more than so many bytes at a time. */
  decomposeInParts?(inputs: readonly Value[], attributes: A, bytes: number): readonly Value[];
  /** Where absent, the vjp of the decomposition is used. */
  vjp?(context: VjpContext<A>): readonly (Value | undefined)[];
  /**
   * The name of the composite that the vjp applies, of a composite that is there to be one kernel forward and another
   * backward. A device that does not claim both gets the decomposition before differentiation: its vjps keep what this
   * one would compute again.
   */
  readonly gradient?: string;
}

export type OpDefinition<Name extends string = string, A extends Attributes = Attributes> =
  | PrimitiveDefinition<Name, A>
  | CompositeDefinition<Name, A>;

export function definePrimitive<const Name extends string, A extends Attributes>(
  definition: Omit<PrimitiveDefinition<Name, A>, 'kind'>,
): PrimitiveDefinition<Name, A> {
  return { kind: 'primitive', ...definition };
}

export function defineComposite<const Name extends string, A extends Attributes>(
  definition: Omit<CompositeDefinition<Name, A>, 'kind'>,
): CompositeDefinition<Name, A> {
  return { kind: 'composite', ...definition };
}
