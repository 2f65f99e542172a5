/** The programs of recurrent layers, batch first, by their names in the fixtures. */
import * as ir from '@attune/ir';
import type { OpBuilder } from './op-builders.js';

type Named = Parameters<OpBuilder>[0];

/** torch.nn.LSTM of one layer, in one direction or both. */
const lstm: OpBuilder = (inputs, { bidirectional, lengths }, builder) => {
  const x = ir.swapAxes(inputs.x!, 0, 1);
  const mask = Array.isArray(lengths) ? maskOf(builder, x.type.shape[0]!, lengths.map(Number)) : undefined;
  const directions = bidirectional === true ? [0, 1] : [0];
  const [first, ...others] = directions.map((direction) => {
    const weights = weightsOf(inputs, direction === 0 ? '' : '_reverse');
    const initial =
      inputs.h0 && inputs.c0 ? { hidden: at(inputs.h0, direction), cell: at(inputs.c0, direction) } : undefined;
    return ir.lstm(x, weights, {
      ...(initial ? { initial } : {}),
      ...(mask ? { mask } : {}),
      backward: direction === 1,
    });
  });
  const joined = (part: (output: ir.LstmOutput) => ir.Value): [ir.Value, ...ir.Value[]] => [
    part(first!),
    ...others.map(part),
  ];
  return {
    y: ir.swapAxes(
      ir.concat(
        joined(({ outputs }) => outputs),
        2,
      ),
      0,
      1,
    ),
    h_n: ir.stack(
      joined(({ final }) => final.hidden),
      0,
    ),
    c_n: ir.stack(
      joined(({ final }) => final.cell),
      0,
    ),
  };
};

/** torch.nn.GRU of one layer, in one direction or both. */
const gru: OpBuilder = (inputs, { bidirectional, lengths }, builder) => {
  const x = ir.swapAxes(inputs.x!, 0, 1);
  const mask = Array.isArray(lengths) ? maskOf(builder, x.type.shape[0]!, lengths.map(Number)) : undefined;
  const directions = bidirectional === true ? [0, 1] : [0];
  const [first, ...others] = directions.map((direction) => {
    const suffix = direction === 0 ? '' : '_reverse';
    const weights = {
      inputWeight: inputs[`weight_ih${suffix}`]!,
      hiddenWeight: inputs[`weight_hh${suffix}`]!,
      inputBias: inputs[`bias_ih${suffix}`]!,
      hiddenBias: inputs[`bias_hh${suffix}`]!,
    };
    return ir.gru(x, weights, {
      ...(inputs.h0 ? { initial: at(inputs.h0, direction) } : {}),
      ...(mask ? { mask } : {}),
      backward: direction === 1,
    });
  });
  const outputs = ir.concat([first!.outputs, ...others.map((each) => each.outputs)], 2);
  return { y: ir.swapAxes(outputs, 0, 1), h_n: ir.stack([first!.final, ...others.map(({ final }) => final)], 0) };
};

export const recurrentBuilders: Readonly<Record<string, OpBuilder>> = { lstm, gru };

const weightsOf = (inputs: Named, suffix: string): ir.LstmWeights => ({
  inputWeight: inputs[`weight_ih${suffix}`]!,
  hiddenWeight: inputs[`weight_hh${suffix}`]!,
  biases: [inputs[`bias_ih${suffix}`]!, inputs[`bias_hh${suffix}`]!],
});

/** The state of one direction. */
const at = (states: ir.Value, direction: number): ir.Value =>
  ir.reshape(ir.sliceAxis(states, 0, direction, direction + 1), states.type.shape.slice(1));

/** bool [steps, batch]: where a sequence of one of the lengths has a step. */
function maskOf(builder: ir.ProgramBuilder, steps: number, lengths: readonly number[]): ir.Value {
  const shape = [steps, lengths.length];
  const ends = builder.constant(ir.hostTensor([1, lengths.length], lengths, 'i32'));
  return ir.less(ir.iota(builder, shape, 0), ends);
}
