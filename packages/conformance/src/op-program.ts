import { vectorJacobianProduct } from '@attune/core/internal';
import {
  type Attributes,
  cast,
  isFloat,
  type OpDefinition,
  type Program,
  ProgramBuilder,
  type Sample,
} from '@attune/ir';
import { uniform } from '@attune/ir/internal';

/** A program of one op on a sample's inputs. */
export function forwardProgram(definition: OpDefinition, { inputs, attributes, name }: Sample<Attributes>): Program {
  const builder = new ProgramBuilder(`${definition.name} ${name}`);
  const values = inputs.map(({ type }, index) => builder.input(`x${index}`, type));
  const outputs = builder.apply(definition, values, attributes);
  return builder.finish(Object.fromEntries(outputs.map((output, index) => [`y${index}`, output])));
}

/** The op with the gradients by its floating inputs, for fixed cotangents; undefined where it has no gradient. */
export function backwardProgram(definition: OpDefinition, sample: Sample<Attributes>): Program | undefined {
  const forward = forwardProgram(definition, sample);
  const builder = new ProgramBuilder(`${forward.name} backward`);
  const inputs = forward.inputs.map((port) => builder.input(port.name, forward.types[port.value]!));
  const cotangents = forward.outputs.map(({ value }, index) => {
    const type = forward.types[value]!;
    return isFloat(type.dtype)
      ? cast(builder.constant(uniform(type.shape, [-1, 1], 11 + index)), type.dtype)
      : undefined;
  });
  const wrt = forward.inputs.filter(({ value }) => isFloat(forward.types[value]!.dtype)).map(({ name }) => name);
  if (wrt.length === 0 || !cotangents.some(Boolean)) return undefined;
  const { gradients } = vectorJacobianProduct(builder, forward, inputs, cotangents, wrt);
  const found = Object.fromEntries(
    gradients.flatMap((gradient, index) => (gradient ? [[`grad/${wrt[index]}`, gradient]] : [])),
  );
  return Object.keys(found).length > 0 ? builder.finish(found) : undefined;
}
