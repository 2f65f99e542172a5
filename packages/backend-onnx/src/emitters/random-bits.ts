/** The words of `random_bits`: two keyed rounds of `mixWord`, as elementwise operators on u32 tensors. */
import { elementCount, type RandomBitsAttributes } from '@attune/ir';
import { MIX_STEPS } from '@attune/ir/internal';
import type { Emit } from './emitter.js';

export const emitRandomBits: Emit<RandomBitsAttributes> = (lowering, op, { shape }) => {
  const { graph } = lowering;
  const binary = (operator: string, a: string, b: string) => graph.node(operator, [a, b])[0];
  const mix = (word: string) =>
    MIX_STEPS.reduce((x, { shift, multiplier }) => {
      const [shifted] = graph.node('BitShift', [x, graph.scalar(shift, 'u32')], { direction: 'RIGHT' });
      const folded = binary('BitwiseXor', x, shifted);
      return multiplier === undefined ? folded : binary('Mul', folded, graph.scalar(multiplier, 'u32'));
    }, word);
  const count = elementCount(shape);
  const [first, second] = graph.node(
    'Split',
    [lowering.full(op.inputs[0]!)],
    { axis: 0, num_outputs: 2 },
    { outputs: 2 },
  );
  const counters = graph.counters(count);
  const keyed = mix(binary('BitwiseXor', counters, first));
  lowering.result(op.outputs[0]!, mix(binary('BitwiseXor', keyed, second!)));
};
