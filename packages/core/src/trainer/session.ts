/** What a run holds open: the device, compiled programs, and the tensors that stay there. */
import type { Storage, TensorToWrite } from '@attune/hub';
import { AttuneError, type Backend, type Device, type HostTensor, type TensorType } from '@attune/ir';
import type { TokenizedDataset } from '../dataset.js';
import { frozenWeights, type Objective } from '../objective.js';
import { averageName } from '../optimizers/ema.js';
import type { AdaptedModel } from './adapted-model.js';
import { Compiler } from './compiler.js';
import { DeviceTensors } from './device-tensors.js';
import type { FeatureCache } from './feature-cache.js';
import { firstNonFinite } from './finite.js';
import { type StepRules, stepRules } from './step-options.js';
import type { StepPlan } from './steps.js';
import type { TrainingArguments } from './training-arguments.js';
import { initialState, TrainingPrograms } from './training-programs.js';

export interface SessionOptions {
  readonly backend: Backend;
  readonly adapted: AdaptedModel;
  readonly objective: Objective;
  readonly train: TokenizedDataset;
  readonly arguments: TrainingArguments;
  readonly plan: StepPlan;
}

export class Session implements AsyncDisposable {
  readonly device: Device;
  readonly compiler: Compiler;
  readonly tensors: DeviceTensors;
  readonly #options: SessionOptions;
  readonly #rules: StepRules;
  readonly #cache: typeof FeatureCache | undefined;
  #programs: TrainingPrograms | undefined;

  private constructor(
    device: Device,
    options: SessionOptions,
    rules: StepRules,
    cache: typeof FeatureCache | undefined,
  ) {
    this.device = device;
    this.compiler = new Compiler(device);
    this.tensors = new DeviceTensors(device);
    this.#options = options;
    this.#rules = rules;
    this.#cache = cache;
  }

  /** Opens the device and uploads all parameters. @throws AttuneError `E_CONFIG` as `stepRules`, and as the device does */
  static async open(options: SessionOptions): Promise<Session> {
    const rules = await stepRules(options.arguments, options.plan.steps);
    const cache = cachesFeatures(options) ? await import('./feature-cache.js') : undefined;
    const session = new Session(await options.backend.open(), options, rules, cache?.FeatureCache);
    for (const [name, tensor] of options.adapted.weights) session.tensors.set(name, tensor);
    for (const [name, tensor] of frozenWeights(options.objective)) session.tensors.set(name, tensor);
    return session;
  }

  get programs(): TrainingPrograms {
    this.#programs ??= this.#trainingPrograms();
    return this.#programs;
  }

  /** Parameters that train, then what training carries beside them, with their values before the first step. */
  #initial(): { readonly parameters: Tensors; readonly state: Tensors } {
    const { adapted, arguments: options } = this.#options;
    const parameters = new Map([...adapted.weights].filter(([name]) => adapted.trainable.has(name)));
    return { parameters, state: new Map(initialState(this.programs, options)) };
  }

  /** Puts parameters and state to where they are before the first step. */
  reset(): void {
    const { parameters, state } = this.#initial();
    for (const [name, tensor] of [...parameters, ...state]) this.tensors.set(name, tensor);
  }

  /** What a checkpoint holds; a tensor that is not finite is refused when its turn comes. */
  checkpointTensors(): { readonly parameters: readonly TensorToWrite[]; readonly state: readonly TensorToWrite[] } {
    const { parameters, state } = this.#initial();
    const written = (tensors: Tensors) =>
      [...tensors].map(([name, { type }]) => ({ name, type, load: () => this.downloadFinite(name) }));
    return { parameters: written(parameters), state: written(state) };
  }

  /** The types of all that a checkpoint holds. */
  checkpointTypes(): ReadonlyMap<string, TensorType> {
    const { parameters, state } = this.#initial();
    return new Map([...parameters, ...state].map(([name, { type }]) => [name, type]));
  }

  /** Takes parameters and state from a checkpoint. @throws AttuneError `E_CHECKPOINT` */
  async restore(storage: Storage, path: string): Promise<void> {
    const { readCheckpointTensors } = await import('./checkpoints.js');
    const tensors = await readCheckpointTensors(storage, path, this.checkpointTypes());
    for (const [name, tensor] of tensors) this.tensors.set(name, tensor);
  }

  /** The name of the tensor that stands for a parameter in evaluation and in the finished model. */
  readonly finalName = (name: string): string => {
    const averaged = averageName(name);
    return this.#options.adapted.trainable.has(name) && this.tensors.has(averaged) ? averaged : name;
  };

  /** The first tensor, of parameters and state, with a number that is not finite: `weight[17]`. */
  async firstNonFinite(): Promise<string | undefined> {
    for (const name of this.checkpointTypes().keys()) {
      const bad = firstNonFinite([[name, await this.tensors.download(name)]]);
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
    const tensor = await this.tensors.download(name);
    const bad = firstNonFinite([[name, tensor]]);
    if (bad === undefined) return tensor;
    throw notFinite(bad);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.compiler.forget('');
    this.tensors[Symbol.dispose]();
    await this.device[Symbol.asyncDispose]();
  }

  #trainingPrograms(): TrainingPrograms {
    const { adapted, objective, train, arguments: options, plan } = this.#options;
    const { compiler, tensors } = this;
    const features = this.#cache?.create({
      adapted,
      objective,
      train,
      batchSize: options.perDeviceTrainBatchSize,
      seed: options.seed,
      compiler,
      tensors,
      maxBytes: options.frozenActivationBytes,
    });
    return new TrainingPrograms(adapted, objective, options, plan.steps, this.#rules, compiler, tensors, features);
  }
}

/** Only where something is frozen in the whole run, and each example is seen more than once. */
function cachesFeatures({ adapted, arguments: options, plan }: SessionOptions): boolean {
  const isPartlyFrozen = adapted.trainable.size < adapted.parameters.length && !adapted.adaptation.stages;
  return isPartlyFrozen && plan.steps > plan.stepsPerEpoch && options.frozenActivationBytes > 0;
}

type Tensors = ReadonlyMap<string, HostTensor>;

const notFinite = (field: string): AttuneError =>
  new AttuneError('E_NONFINITE', `${field} is not finite after the step; it is not saved.`, {
    field,
    hint: 'Try a smaller learning rate; resuming goes on from the last good checkpoint.',
  });
