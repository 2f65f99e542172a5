import type { Op } from '@attune/ir';
import type { AttributesOf, PrimitiveName } from '@attune/ir/internal';
import type { Lowering } from '../lowering/lowering.js';

interface EmitMethod<Attributes> {
  emit(lowering: Lowering, op: Op, attributes: Attributes): void;
}

/** Appends the ONNX nodes of one op. A method's type, so that emitters of several attributes fit into one table. */
export type Emit<Attributes> = EmitMethod<Attributes>['emit'];

export type Emitter<Name extends PrimitiveName> = Emit<AttributesOf<Name>>;
