/** A model that learns, one step at a time: its device, its compiled programs, and the tensors that stay there. */
import type { TensorToWrite } from '@attune/hub';
import { AttuneError, type Device, elementCount, type HostTensor, hostTensor, type TensorType } from '@attune/ir';
import type { TokenizedDataset } from '../dataset.js';
import type { GeneratedStep } from '../generation/generate.js';
import type { TextOptions } from '../generation/text.js';
import { frozenWeights, type HostBatch } from '../objective.js';
import { averageName } from '../port-names.js';
import type { HostSchedule } from '../schedules/schedule.js';
import type { Evaluator } from '../trainer/evaluator.js';
import { type AdaptedModel, requireTraining, startedModel } from './adapted-model.js';
import type { CarriedState } from './carried-state.js';
import { Compiler } from './compiler.js';
import { DeviceTensors } from './device-tensors.js';
import type { LossResult } from './evaluation.js';
import type { FeatureCache } from './feature-cache.js';
import { firstNonFinite } from './finite.js';
import type { LearnerOptions, LearnerParts } from './learner-options.js';
import type { PredictionContext } from './prediction.js';
import { type StepBatch, type StepResult, TrainingPrograms } from './training-programs.js';

type Tensors = ReadonlyMap<string, HostTensor>;

/** How a data set is gone through. */
export interface DataPassOptions {
  /** Examples per batch; 64 by default. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal | undefined;
  /** Called after each batch of an evaluation. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * The Trainer's engine, without its plan: no files, no events, no epochs. A loop of one's own calls `step`. Dispose of it at
 * the end: `await using learner = await Learner.open({ model, strategy: lora(), backend: onnx() })`.
 */
export class Learner implements AsyncDisposable {
  readonly device: Device;
  /** The model under its strategies, with the weights from before training. */
  readonly adapted: AdaptedModel;
  readonly compiler: Compiler;
  readonly #tensors: DeviceTensors;
  readonly #parts: LearnerParts;
  readonly #cache: typeof FeatureCache | undefined;
  /** What the model carries from one training batch to the next, if it does. */
  readonly #carried: CarriedState | undefined;
  #programs: TrainingPrograms | undefined;
  #step = 0;

  private constructor(device: Device, parts: LearnerParts, { cache, state }: LoadedParts) {
    this.device = device;
    this.adapted = parts.adapted;
    this.compiler = new Compiler(device);
    this.#tensors = new DeviceTensors(device);
    this.#parts = parts;
    this.#cache = cache;
    this.#carried = state && new state(parts.adapted.model, this.#tensors, 'training');
  }

  /**
   * Opens the device and uploads all parameters.
   * @throws AttuneError `E_CONFIG`, `E_STRATEGY`, `E_WEIGHTS_MISMATCH`, `E_NONFINITE`, `E_BACKEND_UNAVAILABLE`
   */
  static async open(options: LearnerOptions): Promise<Learner> {
    const { learnerParts } = await import('./learner-options.js');
    return Learner.of(await learnerParts(options));
  }

  /** As `open`, from parts that the Trainer has checked and completed itself. */
  static async of(given: LearnerParts): Promise<Learner> {
    const parts = { ...given, adapted: await startedModel(given.adapted) };
    const { adapted, objective, features } = parts;
    const isPartlyFrozen = adapted.trainable.size < adapted.parameters.length && !adapted.adaptation.stages;
    const cache = features && isPartlyFrozen ? (await import('./feature-cache.js')).FeatureCache : undefined;
    const state = adapted.model.state && (await import('./carried-state.js')).CarriedState;
    const learner = new Learner(await parts.backend.open(), parts, { cache, state });
    for (const [name, tensor] of adapted.weights)
      learner.#tensors.set(name, tensor, { isConstant: !adapted.changing.has(name) });
    if (objective) for (const [name, tensor] of frozenWeights(objective)) learner.#tensors.set(name, tensor);
    if (objective && adapted.trainable.size > 0) learner.#begin();
    return learner;
  }

  /**
   * One optimizer step over its micro-batches, with dropout.
   * @param step the step's number, from 0; the one after the last call's by default
   * @throws AttuneError `E_DATA` if no label of the batches counts, `E_CONFIG` for a learner without an objective,
   * `E_STRATEGY` for one whose strategies train nothing
   */
  async step(batches: readonly StepBatch[], step = this.#step): Promise<StepResult> {
    const result = await this.#training.run(batches, step);
    this.#step = step + 1;
    return result;
  }

  /** The gradients of that step before clipping, by parameter; nothing is updated. @throws as `step` */
  async gradients(batches: readonly StepBatch[], step = this.#step): Promise<Tensors> {
    const { gradientsOf } = await import('./gradients.js');
    return gradientsOf(batches, step, {
      adapted: this.adapted,
      training: this.#training,
      tensors: this.#tensors,
      carried: this.#carried,
    });
  }

  /** The loss over batches and the objective's metrics, without dropout. @throws as `step` */
  async loss(batches: readonly StepBatch[]): Promise<LossResult> {
    const objective = this.#objective;
    const { lossOf } = await import('./use.js');
    const { loss, metrics } = await lossOf(
      batches.map((batch) => () => batch),
      { ...this.context(), objective },
    );
    return { loss, metrics };
  }

  /** The loss over a data set, and the evaluator's metrics, without dropout. @throws as `step` */
  async evaluate(
    dataset: TokenizedDataset,
    evaluator?: Evaluator,
    options: DataPassOptions = {},
  ): Promise<Readonly<Record<string, number>>> {
    const { evaluateDataset } = await import('./use.js');
    return evaluateDataset(dataset, { ...this.context(options), objective: this.#objective }, evaluator);
  }

  /**
   * The model's outputs for one batch, without dropout.
   * @param fields what the model reads
   * @param names of the outputs; all by default
   */
  async outputs(fields: HostBatch, names?: readonly string[]): Promise<Tensors> {
    const { outputsOf } = await import('./use.js');
    return outputsOf(fields, this.context(), names);
  }

  /**
   * Goes on from prompts of token ids, one token at a time.
   * @param options of all texts, or of each
   * @throws as `generateTokens`
   */
  async *generate(
    prompts: readonly (readonly number[])[],
    options: TextOptions | readonly TextOptions[] = {},
  ): AsyncGenerator<GeneratedStep, void, undefined> {
    const { generateTokens } = await import('../generation/generate.js');
    yield* generateTokens(prompts, this.context(), options);
  }

  /** What answers are made with. */
  context({ batchSize = 64, signal, onProgress }: DataPassOptions = {}): PredictionContext {
    return {
      adapted: this.adapted,
      compiler: this.compiler,
      tensors: this.#tensors,
      batchSize,
      nameOf: this.finalName,
      onProgress,
      ...(signal ? { signal } : {}),
    };
  }

  /**
   * All parameters as they are now; of those that train the averages if there is an `emaDecay`.
   * @throws AttuneError `E_NONFINITE`
   */
  async weights(): Promise<Tensors> {
    const weights = new Map(this.adapted.weights);
    for (const name of this.adapted.changing) weights.set(name, await this.downloadFinite(this.finalName(name)));
    return weights;
  }

  /**
   * What `restore` takes: the parameters that train, the optimizer's state and what the model carries.
   * @throws AttuneError `E_NONFINITE`
   */
  async state(): Promise<Tensors> {
    const state = new Map<string, HostTensor>();
    for (const name of this.#stateNames()) state.set(name, await this.downloadFinite(name));
    return state;
  }

  /** The types of all that `state` holds, but for what the model carries, whose rows are those of its batches. */
  stateTypes(): ReadonlyMap<string, TensorType> {
    return new Map(typesOf([...this.#changing(), ...this.#training.state]));
  }

  /** Whether a tensor may be what the model carries. */
  carries(name: string, type: TensorType): boolean {
    return this.#carried?.mayHold(name, type) ?? false;
  }

  /** Goes to an earlier state. @param step the number of the next step, from 0 */
  restore(state: Tensors, step: number): void {
    const carried = new Map<string, HostTensor>();
    for (const [name, tensor] of state) {
      if (this.carries(name, tensor.type)) carried.set(name, tensor);
      else this.#tensors.set(name, tensor);
    }
    this.#carried?.restore(carried);
    this.#step = step;
  }

  /** Goes to where it was before the first step. */
  reset(): void {
    for (const { name, data, type } of this.#changing()) this.#tensors.set(name, { type, data });
    this.#begin();
  }

  /** The state before the first step, one tensor after the other: it is as large as the weights, or twice that. */
  #begin(): void {
    for (const { name, type, initial } of this.#training.state)
      this.#tensors.set(name, hostTensor(type.shape, new Float32Array(elementCount(type.shape)).fill(initial)));
    this.#carried?.clear();
    this.#step = 0;
  }

  /** The part of the schedule that is computed on the host, if it has one. */
  get hostSchedule(): HostSchedule | undefined {
    return this.#training.options.schedule.host;
  }

  /** What a checkpoint holds; a tensor that is not finite is refused when its turn comes. */
  checkpointTensors(): { readonly parameters: readonly TensorToWrite[]; readonly state: readonly TensorToWrite[] } {
    const written = (types: Iterable<readonly [string, TensorType]>) =>
      [...types].map(([name, type]) => ({ name, type, load: () => this.downloadFinite(name) }));
    return {
      parameters: written(typesOf(this.#changing())),
      state: written([...typesOf(this.#training.state), ...(this.#carried?.types() ?? [])]),
    };
  }

  /** The name of the tensor that stands for a parameter in evaluation and in the finished model. */
  readonly finalName = (name: string): string => {
    const averaged = averageName(name);
    return this.adapted.trainable.has(name) && this.#tensors.has(averaged) ? averaged : name;
  };

  /** The first tensor, of parameters and state, with a number that is not finite: `weight[17]`. */
  async firstNonFinite(): Promise<string | undefined> {
    for (const name of this.#stateNames()) {
      const bad = firstNonFinite([[name, await this.#download(name)]]);
      if (bad !== undefined) return bad;
    }
    return undefined;
  }

  /** @throws AttuneError `E_NONFINITE` */
  async requireFinite(): Promise<void> {
    const bad = await this.firstNonFinite();
    if (bad !== undefined) throw notFinite(bad);
  }

  /** @throws AttuneError `E_NONFINITE` */
  async downloadFinite(name: string): Promise<HostTensor> {
    const tensor = await this.#download(name);
    const bad = firstNonFinite([[name, tensor]]);
    if (bad === undefined) return tensor;
    throw notFinite(bad);
  }

  #stateNames(): readonly string[] {
    return [...this.stateTypes().keys(), ...(this.#carried?.types().keys() ?? [])];
  }

  #download(name: string): Promise<HostTensor> {
    return this.#carried?.types().has(name) ? this.#carried.load(name) : this.#tensors.download(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.compiler.forget('');
    this.#tensors[Symbol.dispose]();
    await this.device[Symbol.asyncDispose]();
  }

  get #objective() {
    const { objective } = this.#parts;
    if (objective) return objective;
    throw new AttuneError('E_CONFIG', 'This learner has no objective: it can only answer.', { field: 'objective' });
  }

  get #training(): TrainingPrograms {
    this.#programs ??= this.#trainingPrograms();
    return this.#programs;
  }

  #trainingPrograms(): TrainingPrograms {
    const { adapted, strategies, arguments: options, rules, steps, features: data } = this.#parts;
    requireTraining(adapted, strategies);
    const objective = this.#objective;
    const { compiler } = this;
    const tensors = this.#tensors;
    const features = data && this.#cache?.create({ ...data, adapted, objective, compiler, tensors });
    return new TrainingPrograms({
      adapted,
      objective,
      arguments: options,
      rules,
      steps,
      compiler,
      tensors,
      features,
      carried: this.#carried,
    });
  }

  /** The parameters that training changes, with their values before the first step. */
  #changing() {
    const { weights, changing } = this.adapted;
    return [...weights].flatMap(([name, tensor]) => (changing.has(name) ? [{ name, ...tensor }] : []));
  }
}

/** What is loaded for the learners that need it. */
interface LoadedParts {
  readonly cache: typeof FeatureCache | undefined;
  readonly state: typeof CarriedState | undefined;
}

const typesOf = (tensors: readonly { readonly name: string; readonly type: TensorType }[]) =>
  tensors.map(({ name, type }) => [name, type] as const);

const notFinite = (field: string): AttuneError =>
  new AttuneError('E_NONFINITE', `${field} is not finite after the step; it is not saved.`, {
    field,
    hint: 'Try a smaller learning rate; resuming goes on from the last good checkpoint.',
  });
