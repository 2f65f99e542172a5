/** Anything that was saved, ready to answer. */
import { type GenerateOptions, Learner } from '@attune/core';
import { predictDataset } from '@attune/core/internal';
import { encodeTexts, rows } from '@attune/data';
import type { Storage } from '@attune/hub';
import { AttuneError, type Backend } from '@attune/ir';
import {
  type AnsweringTask,
  type AnswerOf,
  type InputOf,
  isAnsweringTask,
  type ModelOfTask,
  streamText,
  taskModelOf,
  type WrittenText,
} from '@attune/models';
import type { Task } from '@attune/tasks';
import { answersTo } from './answers.js';
import { EMBEDDING, type EmbeddingModel, type EmbeddingOptions, openEmbeddingModel } from './embedding-model.js';
import { openSavedModel, requireTrained, type SavedModel, type SavedModelRequest } from './saved-model.js';

export interface OpenModelOptions extends Pick<SavedModelRequest, 'base'> {
  readonly backend: Backend;
  /** Texts per batch; 32 by default. */
  readonly batchSize?: number;
  /** Tokens kept of each text; as many as in training by default. */
  readonly maxLength?: number;
}

interface Interruptible {
  readonly signal?: AbortSignal | undefined;
}

export type EmbedOptions = Omit<EmbeddingOptions, 'maxLength' | 'base'> & Interruptible;
export type WriteOptions = Omit<GenerateOptions, 'outputLogits'> & Interruptible;

/**
 * Opens a model or adapter directory to use it, without training data; programs are compiled when they are first needed.
 * Dispose of it at the end: `await using model = await openModel('runs/first', { backend: onnx() })`.
 * @param directory a path or the name of an installed package with a model (both in Node only), or a Storage
 * @param options `task`, a task or its name, gives inputs and answers that task's types; the directory says it by default
 * @throws AttuneError as `openSavedModel`
 */
export async function openModel<Name extends AnsweringTask = AnsweringTask>(
  directory: Storage | string,
  { task, ...options }: OpenModelOptions & { readonly task?: Name | (Task & { readonly name: Name }) },
): Promise<OpenModel<Name>>;
export async function openModel(
  directory: Storage | string,
  { task, ...options }: OpenModelOptions & { readonly task?: Task | string },
): Promise<OpenModel<AnsweringTask>> {
  const saved = await openSavedModel(directory, { task, base: options.base });
  return new OpenModel(directory, saved, options, ({ loaded, task: { name }, lengthOf }) => {
    if (isAnsweringTask(name)) return taskModelOf(loaded, name, { maxLength: lengthOf(options.maxLength) });
    throw new AttuneError('E_CONFIG', `A model for ${name} has no answers.`, { file: loaded.base, field: 'task' });
  });
}

/** A saved model in use. Its methods throw what the device does, and the signal's reason. */
export class OpenModel<Name extends AnsweringTask> implements AsyncDisposable {
  readonly #directory: Storage | string;
  readonly #saved: SavedModel;
  readonly #options: OpenModelOptions;
  readonly #assemble: (saved: SavedModel) => Promise<ModelOfTask<Name>>;
  readonly #learners: Learner[] = [];
  #answering: Promise<Answering<Name>> | undefined;
  readonly #embedding = new Map<string, Promise<Embedding>>();

  constructor(
    directory: Storage | string,
    saved: SavedModel,
    options: OpenModelOptions,
    assemble: (saved: SavedModel) => Promise<ModelOfTask<Name>>,
  ) {
    this.#directory = directory;
    this.#saved = saved;
    this.#options = options;
    this.#assemble = assemble;
  }

  /** The name of what it was trained for. */
  get task(): string {
    return this.#saved.task.name;
  }

  /** Names of the classes, or of the numbers of a regression; empty for other tasks. */
  get labels(): readonly string[] {
    return this.#saved.loaded.labels;
  }

  /** What a user should know about its files. */
  get warnings(): readonly string[] {
    return this.#saved.warnings;
  }

  /**
   * An answer to each input, in their order.
   * @throws AttuneError `E_MODEL_UNTRAINED`, `E_CONFIG` for a model that writes texts, and as the task's `encode`
   */
  async predict(inputs: readonly InputOf<Name>[], { signal }: Interruptible = {}): Promise<readonly AnswerOf<Name>[]> {
    const { learner, model } = await this.#answerer();
    return answersTo(inputs, model, this.#context(learner, signal));
  }

  /** An f32 vector of each text, in their order. @throws AttuneError as `openEmbeddingModel` */
  async embed(texts: readonly string[], { signal, ...options }: EmbedOptions = {}): Promise<readonly Float32Array[]> {
    const { learner, tokenizer, maxLength } = await this.#embedder(options);
    const lengths = { maxLength, multipleOf: 32, ...(signal ? { signal } : {}) };
    const { dataset } = await encodeTexts(rows(texts.map((text) => ({ text }))), tokenizer, lengths);
    return predictDataset(dataset, this.#context(learner, signal), EMBEDDING);
  }

  /**
   * Goes on from a prompt, piece by piece.
   * @throws AttuneError `E_MODEL_UNTRAINED`, `E_MODEL_UNSUPPORTED` for a model that writes no texts, and as
   * `Learner.generate`
   */
  async *generate(prompt: string, options: WriteOptions = {}): AsyncGenerator<WrittenText, void, undefined> {
    const { learner, model } = await this.#answerer();
    yield* streamText(learner, model, prompt, options);
  }

  /** Gives up the device's memory. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([this.#answering, ...this.#embedding.values()]);
    for (const learner of this.#learners.splice(0)) await learner[Symbol.asyncDispose]();
  }

  #answerer(): Promise<Answering<Name>> {
    const open = async (): Promise<Answering<Name>> => {
      const { loaded, weights, strategies } = requireTrained(this.#saved);
      const model = await this.#assemble(this.#saved);
      return { model, learner: await this.#learn({ model: { model: loaded.model, weights }, strategy: strategies }) };
    };
    this.#answering ??= open();
    return this.#answering;
  }

  #embedder(options: Omit<EmbedOptions, 'signal'>): Promise<Embedding> {
    const key = JSON.stringify([options.pooling, options.normalize]);
    const open = async (): Promise<Embedding> => {
      const { maxLength, base } = this.#options;
      const embedding = await openEmbeddingModel(this.#directory, { ...options, maxLength, base });
      return { ...embedding, learner: await this.#learn({ model: embedding }) };
    };
    const found = this.#embedding.get(key) ?? open();
    this.#embedding.set(key, found);
    return found;
  }

  async #learn(parts: Pick<Parameters<typeof Learner.open>[0], 'model' | 'strategy'>): Promise<Learner> {
    const learner = await Learner.open({ ...parts, backend: this.#options.backend });
    this.#learners.push(learner);
    return learner;
  }

  #context(learner: Learner, signal: AbortSignal | undefined) {
    return learner.context({ batchSize: this.#options.batchSize ?? 32, signal });
  }
}

interface Answering<Name extends AnsweringTask> {
  readonly learner: Learner;
  readonly model: ModelOfTask<Name>;
}

interface Embedding extends EmbeddingModel {
  readonly learner: Learner;
}
