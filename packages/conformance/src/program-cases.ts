import { grad } from '@attune/core/internal';
import {
  add,
  type Buffer,
  type Device,
  dynamicSliceAxis,
  dynamicUpdateSliceAxis,
  type HostTensor,
  inline,
  interpret,
  iota,
  lessEqual,
  mul,
  type Program,
  ProgramBuilder,
  reduceSum,
  select,
  sub,
  tensorType,
  zeros,
} from '@attune/ir';
import { uniform } from '@attune/ir/internal';
import { decoderParameters, decoderState, decoderStep } from './decoder.js';
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
    { name: 'programs/a donated cache takes rows at a position', run: (device) => fillCache(device, cacheStep()) },
    { name: 'programs/a decoder with a cache draws the tokens of the reference', run: decode },
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

/** Writes a row into a cache, reads what the cache holds up to there, and makes the next position. */
function cacheStep(): Program {
  const builder = new ProgramBuilder('cache step');
  const cache = builder.input('cache', tensorType([2, 4, 3]));
  const position = builder.input('position', tensorType([], 'i32'));
  const row = builder.input('row', tensorType([2, 1, 3]));
  const updated = dynamicUpdateSliceAxis(cache, row, 1, position);
  const isFilled = lessEqual(iota(builder, [1, 4, 1], 1), position);
  const read = reduceSum(select(isFilled, updated, 0), [1]);
  const aliases = [
    { output: 0, input: 0 },
    { output: 1, input: 1 },
  ];
  return builder.finish(
    { cache: updated, position: add(position, 1), read, window: dynamicSliceAxis(updated, 1, position, 2) },
    aliases,
  );
}

/** One step more than the cache has rows: the last start is clamped. */
async function fillCache(device: Device, program: Program): Promise<void> {
  using executable = await device.compile(program);
  let expected = [zeros(tensorType([2, 4, 3])), zeros(tensorType([], 'i32'))];
  let state: readonly Buffer[] = expected.map((tensor) => device.upload(tensor));
  for (let step = 0; step < 5; step++) {
    const row = uniform([2, 1, 3], [-1, 1], step + 1);
    const rowBuffer = device.upload(row);
    const outputs = await executable.run([...state, rowBuffer]);
    const reference = interpret(program, [...expected, row]);
    for (const [index, { name }] of program.outputs.entries())
      expectClose(`${name} of step ${step}`, await device.download(outputs[index]!), reference[index]!);
    release([rowBuffer, ...outputs.slice(2)]);
    state = outputs.slice(0, 2);
    expected = reference.slice(0, 2);
  }
  release(state);
}

/** As many tokens as the cache holds. */
async function decode(device: Device): Promise<void> {
  const program = decoderStep();
  const parameters = Object.values(decoderParameters);
  using executable = await device.compile(program);
  const held = parameters.map((tensor) => device.upload(tensor));
  let expected: readonly HostTensor[] = Object.values(decoderState);
  let state: readonly Buffer[] = expected.map((tensor) => device.upload(tensor));
  for (let step = 0; step < 6; step++) {
    const outputs = await executable.run([...state, ...held]);
    const reference = interpret(program, [...expected, ...parameters]);
    for (const [index, { name }] of program.outputs.entries())
      expectClose(`${name} of token ${step}`, await device.download(outputs[index]!), reference[index]!, 10);
    release(outputs.slice(state.length));
    state = outputs.slice(0, state.length);
    expected = reference.slice(0, expected.length);
  }
  release([...state, ...held]);
}
