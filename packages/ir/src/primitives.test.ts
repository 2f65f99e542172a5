import { describe, expect, it } from 'vitest';
import {
  add,
  fill,
  type HostTensor,
  interpretReference,
  isFloat,
  mul,
  type PrimitiveDefinition,
  ProgramBuilder,
  primitives,
  type ReferenceTensor,
  reduceSum,
  toReference,
  uniform,
  type Value,
  verify,
} from './index.js';

/** `sum(output * weights)` over the floating outputs, and its gradient by every input through the op's vjp. */
function build(
  definition: PrimitiveDefinition,
  attributes: Readonly<Record<string, unknown>>,
  inputs: readonly HostTensor[],
) {
  const builder = new ProgramBuilder(definition.name);
  const values = inputs.map(({ type }, index) => builder.input(`x${index}`, type));
  const outputs = builder.apply(definition, values, attributes);
  const cotangents = outputs.map(({ type }, index) =>
    isFloat(type.dtype) ? builder.constant(uniform(type.shape, [-1, 1], 77 + index)) : undefined,
  );
  const everything = (x: Value) =>
    reduceSum(
      x,
      x.type.shape.map((_, axis) => axis),
    );
  const terms = outputs.flatMap((output, index) =>
    cotangents[index] ? [everything(mul(output, cotangents[index]))] : [],
  );
  const loss = terms.length > 0 ? terms.reduce((sum, term) => add(sum, term)) : builder.scalar(0);
  const gradients = definition.vjp({ inputs: values, outputs, attributes, cotangents });
  const found = Object.fromEntries(gradients.flatMap((gradient, index) => (gradient ? [[`g${index}`, gradient]] : [])));
  return verify(builder.finish({ loss, ...found }));
}

describe.each(Object.values(primitives) as readonly PrimitiveDefinition[])('$name', (definition) => {
  it.each(definition.samples)(
    'has the gradient of finite differences: $name',
    ({ inputs, attributes, smooth = true }) => {
      const program = build(definition, attributes, inputs);
      const references = inputs.map(toReference);
      const [loss, ...gradients] = interpretReference(program, references);
      expect(loss!.data.every((value) => !Number.isNaN(value))).toBe(true);
      if (!smooth) return;
      for (const [position, port] of program.outputs.slice(1).entries()) {
        const index = Number(port.name.slice(1));
        const exact = gradients[position]!;
        expect(exact.type).toEqual(inputs[index]!.type);
        const lossAt = (element: number, shift: number) => {
          const moved: ReferenceTensor[] = references.map((tensor, other) =>
            other === index ? fill(tensor.type, (at) => tensor.data[at]! + (at === element ? shift : 0)) : tensor,
          );
          return interpretReference(program, moved)[0]!.data[0]!;
        };
        for (let element = 0; element < exact.data.length; element++) {
          const difference = (lossAt(element, 1e-6) - lossAt(element, -1e-6)) / 2e-6;
          expect(Math.abs(exact.data[element]! - difference)).toBeLessThan(1e-6 * Math.max(1, Math.abs(difference)));
        }
      }
    },
  );
});
