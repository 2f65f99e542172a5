/** Threefry-2x32 as additions, shifts and xors of u32 tensors. */
import {
  elementCount,
  hostTensor,
  type RandomBitsAttributes,
  THREEFRY_PARITY,
  THREEFRY_ROTATIONS,
  THREEFRY_ROUNDS,
} from '@attune/ir';
import type { Emit } from './emitter.js';

export const emitRandomBits: Emit<RandomBitsAttributes> = (lowering, op, { shape }) => {
  const { graph } = lowering;
  const binary = (operator: string, a: string, b: string) => graph.node(operator, [a, b])[0];
  const word = (value: number) => graph.scalar(value >>> 0, 'u32');
  const rotate = (x: string, distance: number) =>
    binary(
      'BitwiseOr',
      graph.node('BitShift', [x, word(distance)], { direction: 'LEFT' })[0],
      graph.node('BitShift', [x, word(32 - distance)], { direction: 'RIGHT' })[0],
    );
  const key = lowering.full(op.inputs[0]!);
  const [first, second] = graph.node('Split', [key], { axis: 0, num_outputs: 2 }, { outputs: 2 });
  const keys = [first, second!, binary('BitwiseXor', binary('BitwiseXor', first, second!), word(THREEFRY_PARITY))];
  const count = elementCount(shape);
  const half = Math.ceil(count / 2);
  const counters = (start: number) =>
    graph.constant(hostTensor([half], Array.from({ length: half }, (_, index) => index + start), 'u32'));
  let x = binary('Add', counters(0), keys[0]!);
  let y = binary('Add', counters(half), keys[1]!);
  for (let round = 0; round < THREEFRY_ROUNDS; round++) {
    x = binary('Add', x, y);
    y = binary('BitwiseXor', rotate(y, THREEFRY_ROTATIONS[round % 8]!), x);
    if (round % 4 === 3) {
      const injection = (round + 1) / 4;
      x = binary('Add', x, keys[injection % 3]!);
      y = binary('Add', y, binary('Add', keys[(injection + 1) % 3]!, word(injection)));
    }
  }
  const [words] = graph.node('Concat', [x, y], { axis: 0 });
  const exact =
    half * 2 === count
      ? words
      : graph.node('Slice', [words, graph.integers([0]), graph.integers([count])])[0];
  lowering.result(op.outputs[0]!, exact);
};
