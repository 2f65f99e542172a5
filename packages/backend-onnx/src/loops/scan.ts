/** Recurrences as ONNX' Scan: a graph of one step that the runtime runs for each, in place of the nodes of all steps. */
import {
  defineComposite,
  inline,
  type Program,
  ProgramBuilder,
  type Recur,
  type Recurrence,
  unrolled,
  type Value,
} from '@attune/ir';
import { decomposeAll } from '@attune/ir/internal';
import { nativeComposites } from '../emitters/composites.js';

export type ScanAttributes = {
  /** One step: state, parts of sequences and what all steps share go in, state and results come out. */
  readonly body: Program;
  readonly states: number;
  readonly sequences: number;
  readonly backward: boolean;
};

/** Takes the state before the first step, sequences, and what all steps share; gives the state after the last, and results. */
export const scanDefinition = defineComposite<'scan', ScanAttributes>({
  name: 'scan',
  infer(inputs, { body, states }) {
    const [steps] = inputs[states]!.shape;
    return body.outputs.map(({ value }, output) => {
      const { shape, dtype } = body.types[value]!;
      return { shape: output < states ? shape : [steps!, ...shape], dtype };
    });
  },
  decompose(inputs, { body, states, sequences, backward }) {
    const { final, results } = unrolled()({
      initial: inputs.slice(0, states),
      sequences: inputs.slice(states, states + sequences),
      shared: inputs.slice(states + sequences),
      backward,
      step(...operands) {
        const outputs = inline(inputs[0]!.builder, body, operands.flat());
        return { state: outputs.slice(0, states), results: outputs.slice(states) };
      },
    });
    return [...final, ...results];
  },
});

/** One op for all steps. */
export const byScan: Recur = (recurrence) => {
  const { initial, sequences, shared, backward = false } = recurrence;
  const attributes = { body: bodyOf(recurrence), states: initial.length, sequences: sequences.length, backward };
  const { builder } = [...initial, ...sequences][0]!;
  const outputs = builder.apply(scanDefinition, [...initial, ...sequences, ...shared], attributes);
  return { final: outputs.slice(0, initial.length), results: outputs.slice(initial.length) };
};

function bodyOf({ step, initial, sequences, shared }: Recurrence): Program {
  const builder = new ProgramBuilder('step');
  const declare = (kind: string, values: readonly Value[], skipped = 0) =>
    values.map(({ type }, index) => builder.input(`${kind}${index}`, { ...type, shape: type.shape.slice(skipped) }));
  const { state, results } = step(declare('state', initial), declare('part', sequences, 1), declare('shared', shared));
  const body = builder.finish(Object.fromEntries([...state, ...results].map((value, index) => [String(index), value])));
  return decomposeAll(body, nativeComposites);
}
