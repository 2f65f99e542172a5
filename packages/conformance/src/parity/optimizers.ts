/** Golden optimizer cases: the programs of training (`applyStep`, `averageStep`, clipping) run over given gradients. */
import {
  adadelta,
  adafactor,
  adagrad,
  adam,
  adamax,
  adamw,
  averageStep,
  constantSchedule,
  lamb,
  linearSchedule,
  lion,
  muon,
  nadam,
  type Optimizer,
  type ParameterSpec,
  radam,
  rmsprop,
  sgd,
  torchAdafactor,
} from '@attune/core';
import {
  accumulatorName,
  applyStep,
  averageName,
  type ClipOptions,
  clipGradients,
  globalNorm,
  legalize,
  optimizerState,
  type StepOptions,
} from '@attune/core/internal';
import {
  type Buffer,
  type Device,
  elementCount,
  type HostTensor,
  hostTensor,
  type Program,
  ProgramBuilder,
  tensorType,
  zeros,
} from '@attune/ir';
import { runOnDevice } from '../run-program.js';

/** The attributes of a case, as its JSON has them. */
export type GoldenAttributes = Readonly<Record<string, unknown>>;

export interface OptimizerCase {
  readonly op: string;
  /** The case's own name, which says the variant of adafactor. */
  readonly name: string;
  readonly attributes: GoldenAttributes;
  /** By `<kind>.<parameter>`: `in.w`, `g.w`. */
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

/** What the device computes for a case, by `out.<name>`, f32. */
export type CaseOutputs = ReadonlyMap<string, HostTensor>;

/** @throws Error for an op that is no optimizer case. */
export async function runOptimizerCase(golden: OptimizerCase, device: Device): Promise<CaseOutputs> {
  if (golden.op === 'clip_gradients') return runClipping(golden, device);
  if (golden.op === 'ema') return runAveraging(golden, device);
  return runTrajectory(golden, golden.op === 'adamw_groups' ? groupedPlan(golden) : plainPlan(golden), device);
}

const renamed: Readonly<Record<string, string>> = { eps: 'epsilon' };

/** Attributes in our spelling: camelCase, without those that belong to the step. */
export function optionsOf(attributes: GoldenAttributes): Record<string, unknown> {
  const { lr: _, weight_decay: __, ...rest } = attributes;
  return Object.fromEntries(
    Object.entries(rest).map(([name, value]) => [
      renamed[name] ?? name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
}

const makers: Readonly<Record<string, (options: Record<string, unknown>, caseName: string) => Optimizer>> = {
  adadelta: (options) => adadelta({ ...options }),
  // In transformers the rate is relative unless the case says otherwise.
  adafactor: (options, caseName) =>
    caseName.startsWith('torch') ? torchAdafactor({ ...options }) : adafactor({ relativeStep: true, ...options }),
  adagrad: (options) => adagrad({ ...options }),
  adam: (options) => adam({ ...options }),
  adamax: (options) => adamax({ ...options }),
  adamw: (options) => adamw({ ...options }),
  lamb: (options) => lamb({ ...options }),
  lion: (options) => lion({ ...options }),
  muon: (options) => muon({ ...options }),
  nadam: (options) => nadam({ ...options }),
  radam: (options) => radam({ ...options }),
  rmsprop: (options) => rmsprop({ ...options }),
  sgd: (options) => sgd({ ...options }),
};

export interface Plan {
  readonly parameters: readonly ParameterSpec[];
  readonly options: StepOptions;
}

/** One rate and one decay for all parameters. */
function plainPlan({ op, name, attributes, tensors }: OptimizerCase): Plan {
  const make = makers[op];
  if (!make) throw new Error(`"${op}" is no optimizer case.`);
  const parameters = parametersOf(tensors, 'in', false);
  const weightDecay = numberOr(attributes.weight_decay, op === 'muon' ? 0.1 : op === 'adamw' ? 0.01 : 0);
  return {
    parameters,
    options: {
      updates: parameters.map((parameter) => ({ parameter, learningRateScale: 1, weightDecay })),
      optimizer: make(optionsOf(attributes), name),
      schedule: constantSchedule({ learningRate: numberOr(attributes.lr, 1) }),
    },
  };
}

/** AdamW with the groups `w` and `rest`, warm-up and clipping as the case says. */
function groupedPlan({ attributes, tensors }: OptimizerCase): Plan {
  const { w, rest, warmup, max_norm, ...options } = attributes;
  const groups = { w: group(w), rest: group(rest) };
  const parameters = parametersOf(tensors, 'in', false);
  const learningRate = groups.w.lr;
  const trainingSteps = tensors.get('g.w')!.type.shape[0]!;
  return {
    parameters,
    options: {
      updates: parameters.map((parameter) => {
        const { lr, weight_decay } = parameter.name === 'w' ? groups.w : groups.rest;
        return { parameter, learningRateScale: lr / learningRate, weightDecay: weight_decay };
      }),
      optimizer: adamw({ ...optionsOf(options) }),
      schedule:
        typeof warmup === 'number'
          ? linearSchedule({ learningRate, warmupSteps: warmup, trainingSteps })
          : constantSchedule({ learningRate }),
      ...(typeof max_norm === 'number' ? { clip: { maxNorm: max_norm } } : {}),
    },
  };
}

function group(attributes: unknown): { lr: number; weight_decay: number } {
  if (typeof attributes === 'object' && attributes !== null && 'lr' in attributes && 'weight_decay' in attributes) {
    return { lr: Number(attributes.lr), weight_decay: Number(attributes.weight_decay) };
  }
  throw new Error('A group needs lr and weight_decay.');
}

/** Runs `applyStep` once for each given gradient; the outputs are stacked. */
export async function runTrajectory(
  { tensors, op }: OptimizerCase,
  { parameters, options }: Plan,
  device: Device,
): Promise<CaseOutputs> {
  const program = legalize(applyStep(options), device.capabilities);
  using executable = await device.compile(program);
  const carried = new Map<string, Buffer>(
    parameters.map(({ name }) => [name, device.upload(tensors.get(`in.${name}`)!)]),
  );
  for (const { name, type, initial } of optimizerState(options)) {
    carried.set(name, device.upload(hostTensor(type.shape, new Float32Array(elementCount(type.shape)).fill(initial))));
  }
  const steps = stepsOf(tensors);
  const paths = new Map<string, number[]>(parameters.map(({ name }) => [name, []]));
  const rates: number[] = [];
  for (let step = 0; step < steps; step++) {
    const given = new Map<string, HostTensor>(
      parameters.map(({ name }) => [accumulatorName(name), rowOf(tensors.get(`g.${name}`)!, step)]),
    );
    const buffers = program.inputs.map(({ name, value }) => {
      if (name === 'step') return device.upload(hostTensor([], [step], 'i32'));
      return carried.get(name) ?? device.upload(given.get(name) ?? zeros(program.types[value]!));
    });
    const outputs = await executable.run(buffers);
    for (const [index, { name }] of program.outputs.entries()) {
      const output = outputs[index]!;
      if (carried.has(name)) carried.set(name, output);
      if (paths.has(name)) paths.get(name)!.push(...(await device.download(output)).data);
      if (name === 'learningRate') rates.push((await device.download(output)).data[0]!);
      if (!carried.has(name)) output[Symbol.dispose]();
    }
    for (const buffer of buffers) if (![...carried.values()].includes(buffer)) buffer[Symbol.dispose]();
  }
  for (const buffer of carried.values()) buffer[Symbol.dispose]();
  const outputs = new Map(
    parameters.map(({ name, type }) => [name, hostTensor([steps, ...type.shape], paths.get(name)!)]),
  );
  if (op === 'adamw_groups') outputs.set('lr', groupRates(options, rates));
  return outputs;
}

/** The rates of the two groups in each step, [steps, 2]. */
function groupRates({ updates }: StepOptions, rates: readonly number[]): HostTensor {
  const scaleOf = (inFirst: boolean) =>
    updates.find(({ parameter }) => (parameter.name === 'w') === inFirst)?.learningRateScale ?? 1;
  return hostTensor(
    [rates.length, 2],
    rates.flatMap((rate) => [rate * scaleOf(true), rate * scaleOf(false)]),
  );
}

/** The gradients of each step after clipping, and their norm before. */
async function runClipping({ attributes, tensors }: OptimizerCase, device: Device): Promise<CaseOutputs> {
  const { max_norm, norm, value } = attributes;
  const normType = norm === 'inf' || typeof norm === 'number' ? norm : 2;
  const clip: ClipOptions =
    'max_norm' in attributes
      ? { ...(typeof max_norm === 'number' ? { maxNorm: max_norm } : {}), normType }
      : { value: Number(value) };
  const parameters = parametersOf(tensors, 'g', true);
  const builder = new ProgramBuilder('clip gradients');
  const gradients = parameters.map(({ name, type }) => builder.input(name, type));
  const clipped = clipGradients(gradients, clip, globalNorm(gradients));
  const program = builder.finish({
    ...Object.fromEntries(parameters.map(({ name }, index) => [name, clipped[index]!])),
    ...('max_norm' in attributes ? { norm: globalNorm(gradients, normType) } : {}),
  });
  return runRows(
    device,
    program,
    (step) => parameters.map(({ name }) => rowOf(tensors.get(`g.${name}`)!, step)),
    stepsOf(tensors),
  );
}

/** The average of the weights after each update. */
async function runAveraging({ attributes, tensors }: OptimizerCase, device: Device): Promise<CaseOutputs> {
  const parameters = parametersOf(tensors, 'g', true);
  const program = averageStep(parameters, { ...optionsOf(attributes) });
  let averages = parameters.map(({ type }) => zeros(type));
  const rows = (step: number) => [
    ...averages,
    ...parameters.map(({ name }) => rowOf(tensors.get(`g.${name}`)!, step)),
    hostTensor([], [step]),
  ];
  const outputs = await runRows(device, program, rows, stepsOf(tensors), (results) => {
    averages = [...results];
  });
  return new Map(parameters.map(({ name }) => [name, outputs.get(averageName(name))!]));
}

/** Runs a program once per row of its inputs and stacks each output. */
async function runRows(
  device: Device,
  program: Program,
  inputsOf: (step: number) => readonly HostTensor[],
  steps: number,
  onRow: (outputs: readonly HostTensor[]) => void = () => {},
): Promise<CaseOutputs> {
  const stacked = program.outputs.map((): number[] => []);
  const legal = legalize(program, device.capabilities);
  for (let step = 0; step < steps; step++) {
    const outputs = await runOnDevice(device, legal, inputsOf(step));
    for (const [index, { data }] of outputs.entries()) stacked[index]!.push(...data);
    onRow(outputs);
  }
  return new Map(
    program.outputs.map(({ name, value }, index) => [
      name,
      hostTensor([steps, ...program.types[value]!.shape], stacked[index]!),
    ]),
  );
}

/** The parameters that tensors of a kind are given for; `stacked`: with a leading axis of steps. */
function parametersOf(tensors: OptimizerCase['tensors'], kind: string, stacked: boolean): readonly ParameterSpec[] {
  return [...tensors]
    .filter(([key]) => key.startsWith(`${kind}.`))
    .map(([key, { type }]) => ({
      name: key.slice(kind.length + 1),
      type: tensorType(stacked ? type.shape.slice(1) : type.shape),
    }));
}

function stepsOf(tensors: OptimizerCase['tensors']): number {
  const gradient = [...tensors].find(([key]) => key.startsWith('g.'))?.[1];
  if (!gradient) throw new Error('The case has no gradients.');
  return gradient.type.shape[0]!;
}

/** The values of one step. */
function rowOf({ type: { shape }, data }: HostTensor, step: number): HostTensor {
  const rest = shape.slice(1);
  const count = elementCount(rest);
  return hostTensor(rest, data.slice(step * count, (step + 1) * count));
}

const numberOr = (value: unknown, fallback: number): number => (typeof value === 'number' ? value : fallback);
