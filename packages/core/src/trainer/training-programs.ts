/** The training programs of a run, compiled per batch shape, and what one optimizer step feeds them. */
import { AttuneError, type HostTensor, hostTensor, zeros } from '@attune/ir';
import type { Batch } from '../dataset.js';
import type { HostBatch, Objective } from '../objective.js';
import { optimizerFromOptions } from '../optimizers/from-options.js';
import { keyOf } from '../random.js';
import { scheduleFromOptions } from '../schedules/from-options.js';
import { scheduleInput } from '../schedules/schedule.js';
import type { ParameterSpec } from '../scope.js';
import { batchInput, KEY_INPUT, totalInput, traceLoss } from '../trace.js';
import {
  accumulateStep,
  accumulatorName,
  applyStep,
  type CarriedTensor,
  optimizerState,
  STEP_INPUT,
  type StepOptions,
  trainStep,
} from '../train-step.js';
import type { AdaptedModel } from './adapted-model.js';
import type { Compiler } from './compiler.js';
import type { DeviceTensors } from './device-tensors.js';
import type { TrainingArguments } from './training-arguments.js';

export interface StepResult {
  readonly loss: number;
  readonly gradientNorm: number;
  readonly learningRate: number;
}

export class TrainingPrograms {
  readonly options: StepOptions;
  readonly #adapted: AdaptedModel;
  readonly #objective: Objective;
  readonly #arguments: TrainingArguments;
  readonly #compiler: Compiler;
  readonly #tensors: DeviceTensors;

  constructor(
    adapted: AdaptedModel,
    objective: Objective,
    options: TrainingArguments,
    steps: number,
    compiler: Compiler,
    tensors: DeviceTensors,
  ) {
    this.#adapted = adapted;
    this.#objective = objective;
    this.#arguments = options;
    this.#compiler = compiler;
    this.#tensors = tensors;
    this.options = stepOptions(adapted, options, steps);
  }

  /** The optimizer's state before the first step. */
  get state(): readonly CarriedTensor[] {
    return optimizerState(this.options);
  }

  /** One optimizer step over its micro-batches; `step` counts from 0. */
  async run(batches: readonly Batch[], step: number): Promise<StepResult> {
    const totals = this.#totals(batches);
    if (batches.length === 1) return this.#whole(batches[0]!, totals, step);
    await this.#prepareAccumulators();
    for (const [index, batch] of batches.entries()) {
      const program = await this.#compiler.compile(`accumulate/${shapesOf(batch.tensors)}`, () =>
        accumulateStep(this.#trace(batch.tensors), this.options),
      );
      await this.#tensors.run(program, this.#inputs(batch, totals, step, index));
    }
    const apply = await this.#compiler.compile('apply', () => applyStep(this.options));
    return resultOf(await this.#tensors.run(apply, this.#scalars(step)));
  }

  async #whole(batch: Batch, totals: Totals, step: number): Promise<StepResult> {
    const program = await this.#compiler.compile(`train/${shapesOf(batch.tensors)}`, () =>
      trainStep(this.#trace(batch.tensors), this.options),
    );
    return resultOf(await this.#tensors.run(program, this.#inputs(batch, totals, step, 0)));
  }

  #trace(batch: HostBatch) {
    const { model, rewrites, adaptation } = this.#adapted;
    return traceLoss({
      model,
      objective: this.#objective,
      rewrites,
      batch: typesOf(batch),
      training: true,
      ...(adaptation.dropoutAt ? { dropoutAt: (path: string) => adaptation.dropoutAt?.(path) ?? true } : {}),
    });
  }

  /** Sums of the counts over the whole step. @throws AttuneError `E_DATA` where no label counts */
  #totals(batches: readonly Batch[]): Totals {
    const totals: Record<string, number> = Object.fromEntries(this.#objective.countNames.map((name) => [name, 0]));
    for (const batch of batches) {
      for (const [name, count] of Object.entries(this.#objective.counts(batch.tensors))) totals[name]! += count;
    }
    const empty = Object.entries(totals).find(([, total]) => total === 0);
    if (empty) {
      const rows = batches.flatMap((batch) => batch.rows);
      throw new AttuneError(
        'E_DATA',
        `No label of the rows ${rows.slice(0, 20).join(', ')} counts (${empty[0]} is 0).`,
        {
          field: empty[0],
          hint: 'All their labels are masked; check the label column and the maximum length.',
        },
      );
    }
    return totals;
  }

  #inputs({ tensors }: Batch, totals: Totals, step: number, microBatch: number): ReadonlyMap<string, HostTensor> {
    const key = keyOf(this.#arguments.seed, 'dropout', step, microBatch);
    return new Map([
      ...Object.entries(tensors).map(([name, tensor]) => [batchInput(name), tensor] as const),
      ...Object.entries(totals).map(([name, total]) => [totalInput(name), hostTensor([], [total])] as const),
      [KEY_INPUT, hostTensor([2], key, 'u32')] as const,
      ...this.#scalars(step),
    ]);
  }

  #scalars(step: number): ReadonlyMap<string, HostTensor> {
    const inputs = this.options.schedule.host?.inputs() ?? {};
    return new Map([
      [STEP_INPUT, hostTensor([], [step], 'i32')] as const,
      ...Object.entries(inputs).map(([name, value]) => [scheduleInput(name), hostTensor([], [value])] as const),
    ]);
  }

  async #prepareAccumulators(): Promise<void> {
    const lossName = accumulatorName('loss');
    if (this.#tensors.has(lossName)) return;
    this.#tensors.set(lossName, zeros({ shape: [], dtype: 'f32' }));
    for (const { parameter } of this.options.updates)
      this.#tensors.set(accumulatorName(parameter.name), zeros(parameter.type));
  }
}

type Totals = Readonly<Record<string, number>>;

export const typesOf = (batch: HostBatch) =>
  Object.fromEntries(Object.entries(batch).map(([name, { type }]) => [name, type]));

/** A key of the batch's static shapes. */
export const shapesOf = (batch: HostBatch): string =>
  Object.entries(batch)
    .map(([name, { type }]) => `${name}[${type.shape}]`)
    .join();

function resultOf(outputs: ReadonlyMap<string, HostTensor>): StepResult {
  const scalar = (name: string) => outputs.get(name)?.data[0] ?? Number.NaN;
  return { loss: scalar('loss'), gradientNorm: scalar('gradientNorm'), learningRate: scalar('learningRate') };
}

function stepOptions(
  { parameters, trainable, adaptation }: AdaptedModel,
  options: TrainingArguments,
  steps: number,
): StepOptions {
  return {
    updates: parameters
      .filter(({ name }) => trainable.has(name))
      .map((parameter) => ({
        parameter,
        learningRateScale: adaptation.learningRateScale?.(parameter) ?? 1,
        weightDecay: decays(parameter) ? options.weightDecay : 0,
      })),
    optimizer: optimizerFromOptions({
      optim: options.optim,
      adamBeta1: options.adamBeta1,
      adamBeta2: options.adamBeta2,
      adamEpsilon: options.adamEpsilon,
      optimArgs: options.optimArgs,
    }),
    schedule: scheduleFromOptions({
      lrSchedulerType: options.lrSchedulerType,
      learningRate: options.learningRate,
      trainingSteps: steps,
      warmupSteps: options.warmupSteps,
      warmupRatio: options.warmupRatio,
      lrSchedulerKwargs: options.lrSchedulerKwargs,
    }),
    ...(options.maxGradNorm > 0 ? { clip: { maxNorm: options.maxGradNorm } } : {}),
  };
}

/** transformers' rule: biases and the weights of norms do not decay. */
const decays = ({ name }: ParameterSpec): boolean => !/(^|\.)bias$|norm(\.|\d*\.)?weight$/i.test(name);
