/** Compares an op's own vjp with central differences in float64, on one of its samples. */
import { expect } from 'vitest';
import {
  add,
  cast,
  type HostTensor,
  interpretReference,
  isFloat,
  mul,
  type OpDefinition,
  type Program,
  ProgramBuilder,
  type ReferenceTensor,
  reduceSum,
  type Sample,
  toReference,
  type Value,
  verify,
} from '../index.js';
import { fill, uniform } from '../internal.js';

type Attributes = Readonly<Record<string, unknown>>;

/** `sum(output * weights)` over the floating outputs as `loss`, and `g<i>`: its gradient by input i, through the vjp. */
function lossAndGradients(definition: OpDefinition, attributes: Attributes, inputs: readonly HostTensor[]): Program {
  const builder = new ProgramBuilder(definition.name);
  const values = inputs.map(({ type }, index) => builder.input(`x${index}`, type));
  const outputs = builder.apply(definition, values, attributes);
  const cotangents = outputs.map(({ type }, index) =>
    isFloat(type.dtype) ? cast(builder.constant(uniform(type.shape, [-1, 1], 77 + index)), type.dtype) : undefined,
  );
  const total = (x: Value) =>
    reduceSum(
      x,
      x.type.shape.map((_, axis) => axis),
    );
  const terms = outputs.flatMap((output, index) => (cotangents[index] ? [total(mul(output, cotangents[index]))] : []));
  const loss = terms.length > 0 ? terms.reduce((sum, term) => add(sum, term)) : builder.scalar(0);
  const gradients = definition.vjp?.({ inputs: values, outputs, attributes, cotangents }) ?? [];
  const found = Object.fromEntries(gradients.flatMap((gradient, index) => (gradient ? [[`g${index}`, gradient]] : [])));
  return verify(builder.finish({ loss, ...found }));
}

export function expectExactVjp(
  definition: OpDefinition,
  { inputs, attributes, smooth = true }: Sample<Attributes>,
): void {
  const program = lossAndGradients(definition, attributes, inputs);
  const references = inputs.map(toReference);
  const [loss, ...gradients] = interpretReference(program, references);
  expect(loss!.data[0]).not.toBeNaN();
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
}
