import { grad } from '@attune/core';
import { add, type Buffer, type Device, inline, interpret, mul, type Program, ProgramBuilder, sub } from '@attune/ir';
import { expectLikeReference, release } from './run-program.js';
import type { ConformanceCase } from './suite.js';
import { expectClose } from './tolerance.js';
import { transformerInputs, transformerLoss, transformerParameters } from './transformer.js';

/** One SGD step of the transformer, with its parameters donated. */
function transformerStep(): Program {
  const names = Object.keys(transformerParameters);
  const gradients = grad(transformerLoss(), { wrt: names });
  const builder = new ProgramBuilder('transformer step');
  const inputs = gradients.inputs.map((port) => builder.input(port.name, gradients.types[port.value]!));
  const [loss, ...byParameter] = inline(builder, gradients, inputs);
  const updated = Object.fromEntries(
    names.map((name, index) => [name, sub(inputs[index]!, mul(byParameter[index]!, 0.5))]),
  );
  return builder.finish(
    { ...updated, loss: add(loss!, 0) },
    names.map((_, index) => ({ output: index, input: index })),
  );
}

/** Whole programs: forward and backward of a small transformer, and a training curve with donated parameters. */
export function programCases(): ConformanceCase[] {
  return [
    {
      name: 'programs/transformer loss and gradients',
      run: (device) =>
        expectLikeReference(
          device,
          grad(transformerLoss(), { wrt: Object.keys(transformerParameters) }),
          transformerInputs(),
          10,
        ),
    },
    { name: 'programs/ten steps follow the reference', run: (device) => followCurve(device, transformerStep(), 10) },
  ];
}

async function followCurve(device: Device, program: Program, steps: number): Promise<void> {
  const parameters = Object.keys(transformerParameters).length;
  const inputs = transformerInputs();
  using executable = await device.compile(program);
  let state: readonly Buffer[] = inputs.slice(0, parameters).map((tensor) => device.upload(tensor));
  const batch = inputs.slice(parameters).map((tensor) => device.upload(tensor));
  let expected = inputs;
  for (let step = 0; step < steps; step++) {
    const outputs = await executable.run([...state, ...batch]);
    const reference = interpret(program, expected);
    const loss = outputs[parameters]!;
    expectClose(`loss of step ${step}`, await device.download(loss), reference[parameters]!, 50);
    loss[Symbol.dispose]();
    state = outputs.slice(0, parameters);
    expected = [...reference.slice(0, parameters), ...inputs.slice(parameters)];
  }
  release([...state, ...batch]);
}
