/** The training programs of a run, compiled per stage and batch shape, and what one optimizer step feeds them. */
import { AttuneError, type HostTensor, hostTensor, zeros } from '@attune/ir';
import type { Batch } from '../dataset.js';
import type { HostBatch, Objective } from '../objective.js';
import type { PassOptions } from '../passes/passes.js';
import {
  accumulatorName,
  averageName,
  batchInput,
  KEY_INPUT,
  metricOutput,
  penaltyName,
  STEP_INPUT,
  scheduleInput,
  totalInput,
} from '../port-names.js';
import { keyOf } from '../random.js';
import {
  accumulateStep,
  applyStep,
  type CarriedTensor,
  optimizerState,
  reportedOutputs,
  type StepOptions,
  trainStep,
} from '../train-step.js';
import type { AdaptedModel } from './adapted-model.js';
import { shapesOf } from './batch-types.js';
import type { CarriedState } from './carried-state.js';
import type { Compiler } from './compiler.js';
import type { DeviceTensors } from './device-tensors.js';
import type { FeatureBatch, FeatureCache } from './feature-cache.js';
import { firstSteps, planOf, type RunStage, stageAt, stagesOf } from './stages.js';
import { type StepArguments, type StepRules, stepOptions } from './step-options.js';
import { traceTrainingLoss } from './trace-training-loss.js';

export interface StepResult {
  readonly loss: number;
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** Those of the objective, by their names; absent if it has none. */
  readonly metrics?: Readonly<Record<string, number>>;
}

type Totals = Readonly<Record<string, number>>;

/** A micro-batch; where it came from serves error messages and kept features. */
export type StepBatch = Pick<Batch, 'tensors'> &
  Partial<Batch> & {
    /** Which rows of a larger batch it has, counted in such parts; 0 by default. */
    readonly part?: number;
  };

export interface TrainingProgramsOptions {
  readonly adapted: AdaptedModel;
  readonly objective: Objective;
  readonly arguments: StepArguments;
  /** Optimizer and schedule. */
  readonly rules: StepRules;
  /** Optimizer steps in all. */
  readonly steps: number;
  readonly compiler: Compiler;
  readonly tensors: DeviceTensors;
  /** If what is frozen is computed once per example. */
  readonly features?: FeatureCache | undefined;
  /** If the model carries something from batch to batch. */
  readonly carried?: CarriedState | undefined;
}

export class TrainingPrograms {
  /** For all parameters that ever train. */
  readonly options: StepOptions;
  readonly stages: readonly RunStage[];
  readonly #adapted: AdaptedModel;
  readonly #objective: Objective;
  readonly #arguments: StepArguments;
  readonly #compiler: Compiler;
  readonly #tensors: DeviceTensors;
  readonly #features: FeatureCache | undefined;
  readonly #carried: CarriedState | undefined;
  #stage: RunStage | undefined;

  constructor(options: TrainingProgramsOptions) {
    const { adapted, objective, arguments: given, rules, steps } = options;
    this.#adapted = adapted;
    this.#objective = objective;
    this.#arguments = given;
    this.#compiler = options.compiler;
    this.#tensors = options.tensors;
    this.#features = options.features;
    this.#carried = options.carried;
    this.stages = stagesOf(adapted, steps, given.numTrainEpochs);
    this.options = {
      ...stepOptions(adapted, given, rules, firstSteps(this.stages)),
      metrics: (objective.metricNames ?? []).map(metricOutput),
      afterUpdates: adapted.adaptation.afterUpdates(planOf(adapted, steps, given.numTrainEpochs)),
    };
    for (const { parameter, penalties = [] } of this.options.updates)
      for (const [index, penalty] of penalties.entries())
        for (const [own, tensor] of Object.entries(penalty.tensors(adapted.weights.get(parameter.name)!)))
          this.#tensors.set(penaltyName(parameter.name, index, own), tensor);
  }

  /** What training carries from step to step beside the parameters: the optimizer's state, then averages. */
  get state(): readonly CarriedTensor[] {
    const averages = this.#arguments.emaDecay === undefined ? [] : this.options.updates;
    return [
      ...optimizerState(this.options),
      ...averages.map(({ parameter: { name, type } }) => ({ name: averageName(name), type, initial: 0 })),
    ];
  }

  /** One optimizer step over its micro-batches; `step` counts from 0. @throws AttuneError `E_DATA` */
  async run(batches: readonly StepBatch[], step: number): Promise<StepResult> {
    const totals = this.#totals(batches);
    const options = this.#enter(stageAt(this.stages, step));
    const outputs =
      batches.length === 1
        ? await this.#whole(batches[0]!, totals, step, options)
        : await this.#accumulated(batches, totals, step, options);
    if (this.#arguments.emaDecay !== undefined) await this.#average(step, this.#arguments.emaDecay);
    const scalar = (name: string) => outputs.get(name)?.data[0] ?? Number.NaN;
    const { metricNames = [] } = this.#objective;
    const metrics = Object.fromEntries(metricNames.map((name) => [name, scalar(metricOutput(name))]));
    return {
      loss: scalar('loss'),
      gradientNorm: scalar('gradientNorm'),
      learningRate: scalar('learningRate'),
      ...(metricNames.length > 0 ? { metrics } : {}),
    };
  }

  /** The options of a stage; programs of the one before are forgotten. */
  #enter(stage: RunStage): StepOptions {
    if (this.#stage && this.#stage !== stage)
      for (const kind of ['train/', 'accumulate/', 'apply']) this.#compiler.forget(kind);
    this.#stage = stage;
    const training = new Set(stage.trainable.map(({ name }) => name));
    return { ...this.options, updates: this.options.updates.filter(({ parameter }) => training.has(parameter.name)) };
  }

  async #whole(batch: StepBatch, totals: Totals, step: number, options: StepOptions) {
    const given = this.#inputs(batch, totals, step, 0);
    const split = await this.#lookUp(batch);
    const program = await this.#compiler.compile(
      `train/${shapesOf(batch.tensors)}`,
      () => trainStep(split?.traced ?? this.#trace(batch.tensors), options),
      await this.#passes(),
    );
    return this.#tensors.run(program, new Map([...given, ...(split?.features ?? [])]), this.#carried?.begin(batch));
  }

  async #accumulated(batches: readonly StepBatch[], totals: Totals, step: number, options: StepOptions) {
    await this.#accumulate(batches, totals, step, options);
    const apply = await this.#compiler.compile('apply', () => applyStep(options));
    return this.#tensors.run(apply, this.#scalars(step));
  }

  async #accumulate(batches: readonly StepBatch[], totals: Totals, step: number, options: StepOptions): Promise<void> {
    this.#prepareAccumulators(options);
    for (const [index, batch] of batches.entries()) {
      const split = await this.#lookUp(batch);
      const program = await this.#compiler.compile(
        `accumulate/${shapesOf(batch.tensors)}`,
        () => accumulateStep(split?.traced ?? this.#trace(batch.tensors), options),
        await this.#passes(),
      );
      const given = this.#inputs(batch, totals, step, index);
      const all = new Map([...given, ...(split?.features ?? [])]);
      await this.#tensors.run(program, all, this.#carried?.begin(batch));
    }
  }

  /** Adds up the gradients of a step before clipping, as `accumulatorName` names them. @returns what clears them again */
  async accumulate(batches: readonly StepBatch[], step: number): Promise<() => void> {
    const options = this.#enter(stageAt(this.stages, step));
    const clear = () => this.#clearAccumulators(options);
    clear();
    await this.#accumulate(batches, this.#totals(batches), step, options);
    return clear;
  }

  async #average(step: number, decay: number): Promise<void> {
    const { AVERAGE_COUNT_INPUT, averageStep } = await import('../optimizers/ema.js');
    const parameters = this.options.updates.map(({ parameter }) => parameter);
    const program = await this.#compiler.compile('average', () => averageStep(parameters, { kind: 'ema', decay }));
    await this.#tensors.run(program, new Map([[AVERAGE_COUNT_INPUT, hostTensor([], [step])]]));
  }

  /** The features that are kept of a batch whose examples are known. */
  async #lookUp({ tensors, indices }: StepBatch): Promise<FeatureBatch | undefined> {
    return indices && this.#features?.lookUp({ tensors, indices });
  }

  /** Of programs with a backward part. */
  async #passes(): Promise<PassOptions> {
    return this.#arguments.gradientCheckpointing ? import('../passes/rematerialize.js') : {};
  }

  #trace(batch: HostBatch) {
    return traceTrainingLoss(this.#adapted, this.#objective, batch, this.#compiler.capabilities);
  }

  /** Sums of the counts over the whole step. @throws AttuneError `E_DATA` where no label counts */
  #totals(batches: readonly StepBatch[]): Totals {
    const totals: Record<string, number> = Object.fromEntries(this.#objective.countNames.map((name) => [name, 0]));
    for (const batch of batches) {
      for (const [name, count] of Object.entries(this.#objective.counts(batch.tensors, this.#adapted.model)))
        totals[name]! += count;
    }
    const empty = Object.entries(totals).find(([, total]) => total === 0);
    if (!empty) return totals;
    const rows = batches.flatMap(({ rows = [] }) => rows);
    throw new AttuneError('E_DATA', `No label of the rows ${rows.slice(0, 20).join(', ')} counts (${empty[0]} is 0).`, {
      field: empty[0],
      hint: 'All their labels are masked; check the label column and the maximum length.',
    });
  }

  #inputs({ tensors }: StepBatch, totals: Totals, step: number, microBatch: number): ReadonlyMap<string, HostTensor> {
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

  #prepareAccumulators(options: StepOptions): void {
    const prepare = (name: string, shape: readonly number[]) => {
      if (!this.#tensors.has(name)) this.#tensors.set(name, zeros({ shape, dtype: 'f32' }));
    };
    for (const output of reportedOutputs(options)) prepare(accumulatorName(output), []);
    for (const { parameter } of options.updates) prepare(accumulatorName(parameter.name), parameter.type.shape);
  }

  #clearAccumulators(options: StepOptions): void {
    for (const name of [...reportedOutputs(options), ...options.updates.map(({ parameter }) => parameter.name)])
      this.#tensors.delete(accumulatorName(name));
  }
}
