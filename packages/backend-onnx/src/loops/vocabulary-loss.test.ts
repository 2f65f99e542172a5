import {
  broadcastTo,
  elementCount,
  hostTensor,
  inline,
  interpret,
  linearCrossEntropyDefinition,
  type Program,
  ProgramBuilder,
  tensorType,
} from '@attune/ir';
import { uniform } from '@attune/ir/internal';
import { expect, test } from 'vitest';
import { vocabularyLosses } from './vocabulary-loss.js';

const [ROWS, CLASSES, WIDTH] = [11, 30, 4];
const labels = hostTensor(
  [ROWS],
  Array.from({ length: ROWS }, (_, row) => (row % 7 === 0 ? -100 : (row * 13) % CLASSES)),
  'i32',
);
const tensors = { hidden: uniform([ROWS, WIDTH], [-2, 2], 1), weight: uniform([CLASSES, WIDTH], [-2, 2], 2), labels };

/** The losses, and by its vjp their sum's gradients of which these are wanted. */
function lossProgram(wanted: readonly string[], hasBias: boolean): Program {
  const builder = new ProgramBuilder('loss');
  const hidden = builder.input('hidden', tensorType([ROWS, WIDTH]));
  const weight = builder.input('weight', tensorType([CLASSES, WIDTH]));
  const targets = builder.input('labels', tensorType([ROWS], 'i32'));
  const bias = hasBias ? [builder.input('bias', tensorType([CLASSES]))] : [];
  const inputs = [hidden, weight, targets, ...bias];
  const attributes = { ignoreIndex: -100 };
  const outputs = builder.apply(linearCrossEntropyDefinition, inputs, attributes);
  if (wanted.length === 0) return builder.finish({ loss: outputs[0]! });
  const cotangents = [broadcastTo(builder.scalar(1), [ROWS]), undefined];
  const [byHidden, byWeight, , byBias] = linearCrossEntropyDefinition.vjp!({ inputs, outputs, attributes, cotangents });
  const all = { hidden: byHidden!, weight: byWeight!, ...(byBias ? { bias: byBias } : {}) };
  const chosen = Object.entries(all).filter(([name]) => wanted.includes(name));
  return builder.finish({ loss: outputs[0]!, ...Object.fromEntries(chosen) });
}

/** Two rows, or a sixth of the classes, to a step. */
function inSteps(program: Program): Program {
  const builder = new ProgramBuilder('steps');
  const inputs = program.inputs.map(({ name, value }) => builder.input(name, program.types[value]!));
  const outputs = inline(builder, program, inputs, vocabularyLosses(program, 2 * CLASSES * 4));
  return builder.finish(Object.fromEntries(program.outputs.map(({ name }, index) => [name, outputs[index]!])));
}

test.each([
  ['the loss alone', [], false, 1],
  ['its gradient by the hidden states, which its own loop makes', ['hidden'], true, 1],
  ['its gradient by the weights too, some classes at a time', ['hidden', 'weight', 'bias'], true, 2],
] as const)('gives %s without all logits', (_, wrt, hasBias, loops) => {
  const whole = lossProgram(wrt, hasBias);
  const program = inSteps(whole);
  expect(program.ops.filter(({ definition }) => definition.name === 'scan')).toHaveLength(loops);
  const bodies = program.ops.flatMap(({ attributes }) => ('body' in attributes ? [attributes.body as Program] : []));
  for (const { types } of [program, ...bodies])
    expect(types.filter(({ shape }) => elementCount(shape) >= ROWS * CLASSES && shape.length > 1)).toEqual([]);
  const given = [...Object.values(tensors), ...(hasBias ? [uniform([CLASSES], [-1, 1], 3)] : [])];
  const [got, want] = [interpret(program, given), interpret(whole, given)];
  for (const [index, { data }] of want.entries())
    for (const [at, value] of data.entries()) expect(got[index]!.data[at]).toBeCloseTo(value, 5);
});
