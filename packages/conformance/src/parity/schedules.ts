/**
 * Golden schedule cases. Their tolerance is float64's, so they run in the reference interpreter, whatever the backend;
 * only the SGD steps of `discriminative` run on the device.
 */
import {
  constantSchedule,
  layerLearningRateScale,
  lrSchedulerTypes,
  oneCycleSchedule,
  type ParameterSpec,
  reduceOnPlateauSchedule,
  scheduleFromOptions,
  sgd,
  trainsInEpoch,
} from '@attune/core';
import { scheduleFunction, stepFunction } from '@attune/core/internal';
import { type Device, type HostTensor, hostTensor, tensorType } from '@attune/ir';
import { type GoldenAttributes, optionsOf, runTrajectory } from './optimizers.js';

export interface ScheduleCase {
  readonly schedule: string;
  /** The case as its file has it: `attributes`, and lists of numbers. */
  readonly golden: Readonly<Record<string, unknown>>;
}

/** One list of numbers to compare; without a tolerance of its own the file's holds. */
export interface ScheduleComparison {
  readonly name: string;
  readonly got: readonly number[];
  readonly want: readonly number[];
  readonly tolerance?: { readonly rtol: number; readonly atol: number };
}

/** @throws Error for a schedule that is not known, or a case without its fields. */
export async function runScheduleCase(
  { schedule, golden }: ScheduleCase,
  device: Device,
): Promise<ScheduleComparison[]> {
  const attributes = record(golden.attributes, 'attributes');
  if (schedule === 'discriminative') return discriminative(attributes, golden, device);
  const want = flatten(golden.lr);
  if (schedule === 'reduce_lr_on_plateau') {
    return [{ name: 'lr', got: plateauRates(attributes, flatten(golden.metric)), want }];
  }
  const steps = want.map((_, step) => step);
  if (schedule === 'one_cycle') {
    const { max_lr, total_steps, ...rest } = attributes;
    const cycle = oneCycleSchedule({ ...optionsOf(rest), maxLr: Number(max_lr), totalSteps: Number(total_steps) });
    const momentum = stepFunction('momentum', (step) => cycle.momentum(step));
    return [
      { name: 'lr', got: steps.map(scheduleFunction(cycle)), want },
      { name: 'momentum', got: steps.map(momentum), want: flatten(golden.momentum) },
    ];
  }
  const { lr, warmup_steps, training_steps, ...rest } = attributes;
  const lrSchedulerType = lrSchedulerTypes.find((name) => name === schedule);
  if (!lrSchedulerType) throw new Error(`"${schedule}" is no schedule.`);
  const made = await scheduleFromOptions({
    lrSchedulerType,
    learningRate: Number(lr),
    warmupSteps: Number(warmup_steps ?? 0),
    trainingSteps: Number(training_steps),
    // The golden values are the published formula's, unclamped.
    lrSchedulerKwargs: { ...optionsOf(rest), ...(schedule === 'slanted_triangular' ? { clamp: false } : {}) },
  });
  return [{ name: 'lr', got: steps.map(scheduleFunction(made)), want }];
}

/** `metric[i]` is reported after step i, so it can first change rate i + 1. */
function plateauRates({ lr, ...rest }: GoldenAttributes, metrics: readonly number[]): number[] {
  const { host } = reduceOnPlateauSchedule({ ...optionsOf(rest), learningRate: Number(lr) });
  return metrics.map((metric) => {
    const { learningRate } = host.inputs();
    host.report(metric);
    return learningRate!;
  });
}

async function discriminative(
  attributes: GoldenAttributes,
  golden: ScheduleCase['golden'],
  device: Device,
): Promise<ScheduleComparison[]> {
  const [learningRate, factor, layers] = [Number(attributes.lr), Number(attributes.factor), Number(attributes.layers)];
  const indices = Array.from({ length: layers }, (_, layer) => layer);
  const scales = indices.map((layer) => layerLearningRateScale(layer, layers, factor));
  const steps = record(golden.sgd, 'sgd');
  const tensors = new Map<string, HostTensor>();
  const start = rowsOf(steps.start);
  const gradients = rowsOf(steps.gradients);
  const width = flatten(start[0]).length;
  for (const layer of indices) {
    tensors.set(`in.${layer}`, hostTensor([width], flatten(start[layer])));
    const path = gradients.flatMap((gradient) => flatten(rowsOf(gradient)[layer]));
    tensors.set(`g.${layer}`, hostTensor([gradients.length, width], path));
  }
  const parameters: ParameterSpec[] = indices.map((layer) => ({ name: String(layer), type: tensorType([width]) }));
  const options = {
    updates: parameters.map((parameter, layer) => ({ parameter, learningRateScale: scales[layer]!, weightDecay: 0 })),
    optimizer: sgd(),
    schedule: constantSchedule({ learningRate }),
  };
  const outputs = await runTrajectory(
    { op: 'sgd', name: 'discriminative', attributes, tensors },
    { parameters, options },
    device,
  );
  const { rtol, atol } = record(steps.tolerance, 'tolerance');
  const after = gradients.flatMap((_, step) =>
    indices.flatMap((layer) => [...outputs.get(String(layer))!.data.slice(step * width, (step + 1) * width)]),
  );
  return [
    { name: 'layer_lr', got: scales.map((scale) => learningRate * scale), want: flatten(golden.layer_lr) },
    {
      name: 'trainable_by_epoch',
      got: indices.flatMap((epoch) => indices.map((layer) => Number(trainsInEpoch(layer, layers, epoch)))),
      want: flatten(golden.trainable_by_epoch),
    },
    { name: 'sgd', got: after, want: flatten(steps.after), tolerance: { rtol: Number(rtol), atol: Number(atol) } },
  ];
}

function record(value: unknown, name: string): GoldenAttributes {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`The case has no ${name}.`);
  return Object.fromEntries(Object.entries(value));
}

function rowsOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error('The case needs a list.');
  return value;
}

/** The numbers of a nested list; booleans are 0 and 1. */
const flatten = (value: unknown): number[] =>
  Array.isArray(value) ? value.flatMap(flatten) : typeof value === 'undefined' ? [] : [Number(value)];
