import { grad } from '@attune/core/internal';
import {
  add,
  inline,
  interpretReference,
  isFloat,
  mul,
  type Program,
  ProgramBuilder,
  type ReferenceTensor,
  sum,
  toReference,
} from '@attune/ir';
import { fill, sampledComposites } from '@attune/ir/internal';
import { describe, expect, it } from 'vitest';
import { backwardProgram } from './op-program.js';

/** The sum of squares of all gradients that `backward` computes. */
function squaredNorm(backward: Program): Program {
  const builder = new ProgramBuilder(`${backward.name} norm`);
  const inputs = backward.inputs.map(({ name, value }) => builder.input(name, backward.types[value]!));
  const terms = inline(builder, backward, inputs).map((gradient) => sum(mul(gradient, gradient)));
  return builder.finish({ norm: terms.reduce((total, term) => add(total, term)) });
}

describe.each(sampledComposites())('$definition.name', ({ definition, samples }) => {
  const differentiable = samples
    .filter(({ smooth = true }) => smooth)
    .flatMap((sample) => {
      const backward = backwardProgram(definition, sample);
      return backward ? [{ name: sample.name, sample, backward }] : [];
    });
  it.each(differentiable)(
    'has a gradient of its gradient that agrees with finite differences: $name',
    ({ sample, backward }) => {
      const norm = squaredNorm(backward);
      const floating = norm.inputs.filter(({ value }) => isFloat(norm.types[value]!.dtype)).map(({ name }) => name);
      const references = sample.inputs.map(toReference);
      const wrt = floating.filter((name) => dependsOn(norm, references, name));
      if (wrt.length === 0) return;
      const [, ...gradients] = interpretReference(grad(norm, { wrt }), references);
      for (const [position, name] of wrt.entries()) {
        const index = norm.inputs.findIndex((port) => port.name === name);
        for (const [element, exact] of gradients[position]!.data.entries()) {
          const at = (shift: number) => valueAt(norm, references, index, element, shift);
          const difference = (at(1e-5) - at(-1e-5)) / 2e-5;
          expect(Math.abs(exact - difference)).toBeLessThan(1e-6 * Math.max(1, Math.abs(difference)));
        }
      }
    },
  );
});

/** Linear ops have a gradient that does not depend on their input. */
function dependsOn(program: Program, inputs: readonly ReferenceTensor[], name: string): boolean {
  const index = program.inputs.findIndex((port) => port.name === name);
  const value = valueAt(program, inputs, index, 0, 0);
  return inputs[index]!.data.some((_, element) => valueAt(program, inputs, index, element, 0.5) !== value);
}

function valueAt(
  program: Program,
  inputs: readonly ReferenceTensor[],
  index: number,
  element: number,
  shift: number,
): number {
  const moved = inputs.map((tensor, other) =>
    other === index ? fill(tensor.type, (at) => tensor.data[at]! + (at === element ? shift : 0)) : tensor,
  );
  return interpretReference(program, moved)[0]!.data[0]!;
}
