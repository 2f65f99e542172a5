/** Ops on dtypes that TensorFlow.js lacks: their reference implementations, on typed arrays. */
import { type Op, toHost, toReference } from '@attune/ir';
import type { Lowering } from '../lowering/lowering.js';

/** Appends a primitive as work of the host. */
export function emitOnHost(lowering: Lowering, op: Op): void {
  const { definition, attributes } = op;
  if (definition.kind !== 'primitive') throw new TypeError(`${definition.name} was not decomposed`);
  const types = op.outputs.map((id) => lowering.type(id));
  const inputs = op.inputs.map((id) => lowering.onHost(id));
  const slots = lowering.plan.host(definition.name, inputs, types, (tensors) =>
    definition.reference(tensors.map(toReference), attributes, types).map(toHost),
  );
  for (const [index, id] of op.outputs.entries()) lowering.hold(id, slots[index]!);
}
