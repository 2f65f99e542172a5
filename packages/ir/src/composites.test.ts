import { describe, expect, it } from 'vitest';
import {
  add,
  type CompositeDefinition,
  composites,
  fill,
  type HostTensor,
  interpretReference,
  isFloat,
  mul,
  ProgramBuilder,
  type ReferenceTensor,
  reduceSum,
  toReference,
  uniform,
  type Value,
  verify,
} from './index.js';

/** `sum(output * weights)` over the floating outputs, and its gradients by the composite's own vjp. */
function build(
  definition: CompositeDefinition,
  attributes: Readonly<Record<string, unknown>>,
  inputs: readonly HostTensor[],
) {
  const builder = new ProgramBuilder(definition.name);
  const values = inputs.map(({ type }, index) => builder.input(`x${index}`, type));
  const outputs = builder.apply(definition, values, attributes);
  const cotangents = outputs.map(({ type }, index) =>
    isFloat(type.dtype) ? builder.constant(uniform(type.shape, [-1, 1], 50 + index)) : undefined,
  );
  const total = (x: Value) =>
    reduceSum(
      x,
      x.type.shape.map((_, axis) => axis),
    );
  const terms = outputs.flatMap((output, index) => (cotangents[index] ? [total(mul(output, cotangents[index]))] : []));
  const loss = terms.reduce((sum, term) => add(sum, term));
  const gradients = definition.vjp?.({ inputs: values, outputs, attributes, cotangents }) ?? [];
  const found = Object.fromEntries(gradients.flatMap((gradient, index) => (gradient ? [[`g${index}`, gradient]] : [])));
  return verify(builder.finish({ loss, ...found }));
}

describe.each(Object.values(composites) as readonly CompositeDefinition[])('$name', (definition) => {
  it.each(definition.samples)(
    'has a vjp that agrees with finite differences: $name',
    ({ inputs, attributes, smooth = true }) => {
      const program = build(definition, attributes, inputs);
      const references = inputs.map(toReference);
      const [loss, ...gradients] = interpretReference(program, references);
      expect(loss!.data[0]).not.toBeNaN();
      if (!smooth) return;
      for (const [position, port] of program.outputs.slice(1).entries()) {
        const index = Number(port.name.slice(1));
        const exact = gradients[position]!;
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
