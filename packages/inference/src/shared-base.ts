/**
 * Models on one device that differ by an adapter. The base lies there once; each model brings the tensors in which it
 * differs, and programs are shared by models that compute the same with other numbers.
 */
import { GenerationSession, Learner, type PredictionContext } from '@attune/core';
import { Compiler, generateTokens, planModel, traceForward } from '@attune/core/internal';
import type { Backend, HostTensor } from '@attune/ir';
import { fingerprint } from '@attune/ir/internal';
import type { SavedModel } from './saved-model.js';

type Weights = ReadonlyMap<string, HostTensor>;
type ContextOptions = Parameters<Learner['context']>[0];

/** A model on the device. */
export interface ResidentModel extends Pick<Learner, 'generate'> {
  /** For texts that begin alike. */
  session(): GenerationSession;
  /** What answers are made with. */
  context(options?: ContextOptions): PredictionContext;
  /** Takes its own tensors off the device; its programs stay for others. */
  remove(): void;
}

export class SharedBase implements AsyncDisposable {
  readonly #learner: Learner;
  readonly #base: Weights;
  /** By what the models compute. */
  readonly #compilers = new Map<string, Compiler>();
  #added = 0;

  private constructor(learner: Learner, base: Weights) {
    this.#learner = learner;
    this.#base = base;
  }

  /** Opens the device and uploads the base of a model. @throws AttuneError as `Learner.open` */
  static async open({ loaded: { model, weights } }: SavedModel, backend: Backend): Promise<SharedBase> {
    return new SharedBase(await Learner.open({ model: { model, weights }, backend }), weights);
  }

  /** Uploads what a model has beside the base. @throws AttuneError as the strategies' `adapt` */
  add({ loaded, strategies, weights }: SavedModel): ResidentModel {
    const { model, rewrites } = planModel(loaded.model, strategies);
    const { tensors } = this.#learner.context();
    const compiler = this.#compilerOf(
      fingerprint(traceForward({ model, rewrites, batch: model.inputs({ batch: 1, tokens: 2 }) }).program),
    );
    const prefix = `model ${this.#added++}/`;
    const own = new Set<string>();
    for (const [name, tensor] of weights) {
      if (isSame(tensor, this.#base.get(name))) continue;
      tensors.set(prefix + name, tensor);
      own.add(name);
    }
    const context = (options?: ContextOptions): PredictionContext => ({
      ...this.#learner.context(options),
      adapted: { model, rewrites },
      compiler,
      nameOf: (port) => (own.has(port) ? prefix + port : port),
    });
    return {
      context,
      session: () => new GenerationSession(context()),
      generate: (prompts, options) => generateTokens(prompts, context(), options),
      remove() {
        for (const name of own) tensors.delete(prefix + name);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const compiler of this.#compilers.values()) compiler.forget('');
    await this.#learner[Symbol.asyncDispose]();
  }

  #compilerOf(program: string): Compiler {
    const compiler = this.#compilers.get(program) ?? new Compiler(this.#learner.device);
    this.#compilers.set(program, compiler);
    return compiler;
  }
}

/** Whether the base on the device has the tensor already, bit for bit. */
const isSame = (tensor: HostTensor, base: HostTensor | undefined): boolean =>
  tensor === base ||
  (base !== undefined &&
    tensor.data.length === base.data.length &&
    tensor.data.every((value, index) => Object.is(value, base.data[index])));
