import type { Attributes, Op, OpDefinition } from '@attune/ir';

/** True for an op of the definition, by name: two copies of a package do not break each other. */
export function isOp<A extends Attributes>(
  op: Op,
  definition: OpDefinition<string, A>,
): op is Op & { readonly attributes: A } {
  return op.definition.name === definition.name;
}
