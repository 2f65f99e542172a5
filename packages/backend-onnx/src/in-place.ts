import { dynamicUpdateSliceDefinition, type Program } from '@attune/ir';

/**
 * The outputs that are written into the storage of the input that they take over, by number: those of `dynamic_update_slice`
 * on an input that nothing else reads. ONNX Runtime's ScatterElements copies nothing where its operand and its result are
 * the same memory.
 */
export function updatesInPlace({ inputs, outputs, ops, aliases }: Program): ReadonlyMap<number, number> {
  const isReadOnce = (id: number) => ops.flatMap((op) => op.inputs).filter((input) => input === id).length === 1;
  const inPlace = aliases.filter(({ input, output }) => {
    const [from, to] = [inputs[input]!.value, outputs[output]!.value];
    const updates = ops.some(
      (op) => op.definition.name === dynamicUpdateSliceDefinition.name && op.inputs[0] === from && op.outputs[0] === to,
    );
    return updates && isReadOnce(from) && outputs.every(({ value }, other) => value !== (other === output ? from : to));
  });
  return new Map(inPlace.map(({ input, output }) => [output, input]));
}
