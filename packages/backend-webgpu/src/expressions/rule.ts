import type { DType, Op, ValueId } from '@attune/ir';
import type { AttributesOf, PrimitiveName } from '@attune/ir/internal';
import type { Index } from './index-expression.js';
import type { Operator, Scalar, ScalarTable } from './scalar.js';

/** What rules may ask of the program. */
export interface Expressions {
  readonly table: ScalarTable;
  shapeOf(value: ValueId): readonly number[];
  dtypeOf(value: ValueId): DType;
  /** The element of a value at coordinates: read if the value is stored, else computed. */
  element(value: ValueId, coordinates: readonly Index[]): Scalar;
}

/** What an elementwise operation computes, from the dtype of its last operand. */
interface OperatorMethod<Attributes> {
  operator(dtype: DType, attributes: Attributes): Operator;
}

interface ExpressMethod<Attributes> {
  express(expressions: Expressions, op: Op, attributes: Attributes, at: readonly Index[]): Scalar;
}

/** The element of an op's result at coordinates. A method's type, so that rules of several attributes fit into one table. */
export type Express<Attributes> = ExpressMethod<Attributes>['express'];

/** How an op is computed. */
export type Rule<Attributes> =
  /** From the same element of every operand; `cost` counts simple operations. */
  | { readonly kind: 'elementwise'; readonly operator: OperatorMethod<Attributes>['operator']; readonly cost: number }
  /** From elements elsewhere; it costs nothing but the arithmetic of indices. */
  | { readonly kind: 'view'; readonly express: Express<Attributes> }
  /** From no element of the operands, or from one and a few operations. */
  | { readonly kind: 'generator'; readonly express: Express<Attributes>; readonly cost: number }
  /** By a kernel of its own. */
  | { readonly kind: 'kernel' };

export type RuleOf<Name extends PrimitiveName> = Rule<AttributesOf<Name>>;
