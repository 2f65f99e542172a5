import { hostTensor, interpret, lstm, mul, ProgramBuilder, tensorType } from '@attune/ir';
import { uniform } from '@attune/ir/internal';
import { expect, it } from 'vitest';
import { onnx } from '../backend.js';

it('runs a loop with a mask, in both directions, on weights that the graph makes and returns', async () => {
  const builder = new ProgramBuilder('both');
  const shapes = { x: [5, 2, 3], hidden: [2, 4], cell: [2, 4], inputWeight: [16, 3], half: [16, 4] };
  const [x, hidden, cell, inputWeight, half] = Object.entries(shapes).map(([name, shape]) =>
    builder.input(name, tensorType(shape)),
  );
  const mask = builder.input('mask', tensorType([5, 2], 'bool'));
  const hiddenWeight = mul(half!, 2);
  const initial = { hidden: hidden!, cell: cell! };
  const [forth, back] = [false, true].map((backward) =>
    lstm(x!, { inputWeight: inputWeight!, hiddenWeight }, { initial, mask, backward }),
  );
  const program = builder.finish({ forth: forth!.outputs, back: back!.outputs, last: back!.final.cell, hiddenWeight });
  const inputs = [
    ...Object.values(shapes).map((shape, index) => uniform(shape, [-1, 1], index + 1)),
    hostTensor([5, 2], [1, 1, 1, 1, 1, 1, 1, 0, 1, 0], 'bool'),
  ];
  await using device = await onnx().open();
  using executable = await device.compile(program);
  expect(executable.report.kernels).toBeLessThan(40);
  const outputs = await executable.run(inputs.map((tensor) => device.upload(tensor)));
  for (const [index, want] of interpret(program, inputs).entries()) {
    const { data } = await device.download(outputs[index]!);
    for (const [at, value] of want.data.entries()) expect(data[at]).toBeCloseTo(value, 5);
  }
});
