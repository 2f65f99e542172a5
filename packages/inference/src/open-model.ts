/** Anything that was saved, ready to answer. */
import { Learner } from '@attune/core';
import { predictDataset } from '@attune/core/internal';
import { encodeTexts, rows } from '@attune/data';
import { loadChatTemplate, loadTokenizer, type Storage, type Tokenizer } from '@attune/hub';
import { AttuneError, type Backend } from '@attune/ir';
import {
  type AnsweringTask,
  type AnswerOf,
  endTokensOf,
  type InputOf,
  isAnsweringTask,
  type ModelOfTask,
  promptTokens,
  streamText,
  streamTexts,
  taskModelOf,
  type WritingRequest,
  type WrittenText,
} from '@attune/models';
import type { ProblemType, Task } from '@attune/tasks';
import { AdapterTable } from './adapter-table.js';
import { answersTo } from './answers.js';
import { Chat, type ChatOptions } from './chat.js';
import { EMBEDDING, type EmbeddingModel, type EmbeddingOptions, openEmbeddingModel } from './embedding-model.js';
import { savedChatTemplate } from './saved-chat-template.js';
import { openSavedModel, requireTrained, type SavedModel, type SavedModelRequest } from './saved-model.js';
import { type ResidentModel, SharedBase } from './shared-base.js';

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
export type WriteOptions = NonNullable<WritingRequest['options']>;

/** How a model reads texts. */
export interface ModelReader {
  /** What was opened. */
  readonly directory: Storage;
  /** Where the tokenizer lies. */
  readonly files: Storage;
  readonly tokenizer: Tokenizer;
  /** The longest text in tokens. */
  readonly maxPositions: number;
  /** The tokens of a text that is gone on from. */
  promptTokens(text: string): Promise<readonly number[]>;
}

/** Texts that begin alike, of one model. */
export interface TextSession extends Disposable {
  /** The text after the whole prompt, piece by piece. @throws AttuneError as `OpenModel.generate`, `E_BUSY` */
  generate(prompt: WritingRequest['prompt'], options?: WriteOptions): AsyncGenerator<WrittenText, void, undefined>;
  /** Tokens that were computed since the beginning. */
  readonly computedTokens: number;
}

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

/**
 * A saved model in use, and the adapters of its base: `loadAdapter` and `setAdapter` switch between them without compiling
 * again. Its methods throw what the device does, and the signal's reason.
 */
export class OpenModel<Name extends AnsweringTask> implements AsyncDisposable {
  readonly #adapters: AdapterTable;
  readonly #options: OpenModelOptions;
  readonly #assemble: (saved: SavedModel) => Promise<ModelOfTask<Name>>;
  readonly #opened: SavedModel;
  #base: Promise<SharedBase> | undefined;
  readonly #answering = new Map<SavedModel, Promise<Answering<Name>>>();
  readonly #embedding = new Map<SavedModel, Map<string, Promise<Embedding>>>();

  constructor(
    directory: Storage | string,
    saved: SavedModel,
    options: OpenModelOptions,
    assemble: (saved: SavedModel) => Promise<ModelOfTask<Name>>,
  ) {
    this.#adapters = new AdapterTable({ directory, saved });
    this.#opened = saved;
    this.#options = options;
    this.#assemble = assemble;
  }

  /** The name of what it was trained for. */
  get task(): string {
    return this.#opened.task.name;
  }

  /** Names of the classes, or of the numbers of a regression, of the active adapter or the base; empty for other tasks. */
  get labels(): readonly string[] {
    return this.#adapters.active.saved.loaded.labels;
  }

  /** What the outputs of a classifier mean; undefined for other tasks. */
  get problemType(): ProblemType | undefined {
    return this.#adapters.active.saved.loaded.problemType;
  }

  /** What a user should know about the files of the active adapter and its base. */
  get warnings(): readonly string[] {
    return this.#adapters.active.saved.warnings;
  }

  /** Names of the adapters that are loaded; an adapter directory that was opened is `default`. */
  get adapters(): readonly string[] {
    return this.#adapters.names;
  }

  /** The adapter that answers; null for the base alone. */
  get activeAdapter(): string | null {
    return this.#adapters.activeName;
  }

  /**
   * Loads another adapter of the same base and task, for `setAdapter`; its tensors are uploaded when it first answers.
   * @param directory as for `openModel`
   * @throws AttuneError `E_CONFIG` for a name that is taken, a model without an adapter, or an adapter for another task;
   * `E_ADAPTER_MISMATCH` for one of another base, and as `openSavedModel`
   */
  loadAdapter(directory: Storage | string, { name }: { readonly name: string }): Promise<void> {
    return this.#adapters.load(name, directory);
  }

  /**
   * From the next call on, this adapter answers. Nothing is compiled for one whose program another one had: the same method,
   * layers, ranks and scaling.
   * @param name null for the base without an adapter
   * @throws AttuneError `E_CONFIG` for an unknown name
   */
  setAdapter(name: string | null): Promise<void> {
    return this.#adapters.activate(name);
  }

  /** Gives up an adapter and its memory. @throws AttuneError `E_CONFIG` for an unknown name, or for the active adapter */
  async deleteAdapter(name: string): Promise<void> {
    const { saved } = this.#adapters.delete(name);
    const answering = this.#answering.get(saved);
    const embedding = [...(this.#embedding.get(saved)?.values() ?? [])];
    this.#answering.delete(saved);
    this.#embedding.delete(saved);
    const [answers] = await Promise.allSettled([answering]);
    if (answers.status === 'fulfilled') answers.value?.resident.remove();
    await disposed(embedding);
  }

  /**
   * An answer to each input, in their order.
   * @throws AttuneError `E_MODEL_UNTRAINED`, `E_CONFIG` for a model that writes texts, and as the task's `encode`
   */
  async predict(inputs: readonly InputOf<Name>[], { signal }: Interruptible = {}): Promise<readonly AnswerOf<Name>[]> {
    const { resident, model } = await this.#answerer();
    return answersTo(inputs, model, resident.context(this.#pass(signal)));
  }

  /**
   * An f32 vector of each text, in their order. An adapter is folded into a base of its own for that.
   * @throws AttuneError as `openEmbeddingModel`
   */
  async embed(texts: readonly string[], { signal, ...options }: EmbedOptions = {}): Promise<readonly Float32Array[]> {
    const { learner, tokenizer, maxLength } = await this.#embedder(options);
    const lengths = { maxLength, multipleOf: 32, ...(signal ? { signal } : {}) };
    const { dataset } = await encodeTexts(rows(texts.map((text) => ({ text }))), tokenizer, lengths);
    return predictDataset(dataset, learner.context(this.#pass(signal)), EMBEDDING);
  }

  /**
   * Goes on from a prompt, piece by piece.
   * @throws AttuneError `E_MODEL_UNTRAINED`, `E_MODEL_UNSUPPORTED` for a model that writes no texts, and as
   * `Learner.generate`
   */
  async *generate(
    prompt: WritingRequest['prompt'],
    options: WriteOptions = {},
  ): AsyncGenerator<WrittenText, void, undefined> {
    const { resident, model } = await this.#answerer();
    yield* streamText(resident, model, prompt, options);
  }

  /**
   * Goes on from several prompts at once, each with its options, as if it were alone.
   * @throws AttuneError as `generate`
   */
  async *generateAll(
    requests: readonly WritingRequest[],
  ): AsyncGenerator<readonly (WrittenText | undefined)[], void, undefined> {
    const { resident, model } = await this.#answerer();
    yield* streamTexts(resident, model, requests);
  }

  /**
   * For texts that begin alike, such as the turns of a conversation: what is known of the last one is not computed again.
   * The adapter that is active now writes them. Dispose of it at the end.
   * @throws AttuneError as `generate`
   */
  async session(): Promise<TextSession> {
    const { resident, model } = await this.#answerer();
    const session = resident.session();
    return {
      generate: (prompt, options) => streamText(session, model, prompt, options),
      get computedTokens() {
        return session.computedTokens;
      },
      [Symbol.dispose]: () => session[Symbol.dispose](),
    };
  }

  /**
   * A conversation with the adapter that is active now, or the base. Dispose of it at the end.
   * @throws AttuneError `E_TEMPLATE` for a model without a chat template, if none is given; and as `generate`
   */
  async chat(options: ChatOptions = {}): Promise<Chat> {
    const reader = await this.reader();
    const chatTemplate =
      options.chatTemplate ?? (await savedChatTemplate(reader)) ?? (await loadChatTemplate(reader.files));
    return new Chat(reader, await this.session(), { ...options, chatTemplate });
  }

  /** How the model reads texts. @throws AttuneError as `loadTokenizer` */
  async reader(): Promise<ModelReader> {
    const { base, directory, loaded } = this.#opened;
    const tokenizer = await loadTokenizer(base);
    const { model } = loaded;
    return {
      directory,
      files: base,
      tokenizer,
      maxPositions: model.maxPositions,
      promptTokens: (text) => promptTokens(text, tokenizer, endTokensOf({ model }, tokenizer)),
    };
  }

  /** Gives up the device's memory. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#answering.values());
    await disposed([...this.#embedding.values()].flatMap((each) => [...each.values()]));
    this.#embedding.clear();
    const [base] = await Promise.allSettled([this.#base]);
    this.#base = undefined;
    if (base.status === 'fulfilled') await base.value?.[Symbol.asyncDispose]();
  }

  #answerer(): Promise<Answering<Name>> {
    const { saved } = this.#adapters.active;
    const open = async (): Promise<Answering<Name>> => {
      requireTrained(saved);
      const model = await this.#assemble(saved);
      this.#base ??= SharedBase.open(this.#opened, this.#options.backend);
      return { model, resident: (await this.#base).add(saved) };
    };
    const found = this.#answering.get(saved) ?? open();
    this.#answering.set(saved, found);
    return found;
  }

  #embedder(options: Omit<EmbedOptions, 'signal'>): Promise<Embedding> {
    const { directory, saved } = this.#adapters.active;
    const key = JSON.stringify([options.pooling, options.normalize]);
    const open = async (): Promise<Embedding> => {
      const { maxLength, backend } = this.#options;
      const base = saved.kind === 'adapter' ? saved.base : undefined;
      const embedding = await openEmbeddingModel(directory, { ...options, maxLength, base });
      return { ...embedding, learner: await Learner.open({ model: embedding, backend }) };
    };
    const ofModel = this.#embedding.get(saved) ?? new Map<string, Promise<Embedding>>();
    const found = ofModel.get(key) ?? open();
    this.#embedding.set(saved, ofModel.set(key, found));
    return found;
  }

  #pass(signal: AbortSignal | undefined) {
    return { batchSize: this.#options.batchSize ?? 32, signal };
  }
}

async function disposed(embeddings: readonly Promise<Embedding>[]): Promise<void> {
  for (const opened of await Promise.allSettled(embeddings)) {
    if (opened.status === 'fulfilled') await opened.value.learner[Symbol.asyncDispose]();
  }
}

interface Answering<Name extends AnsweringTask> {
  readonly resident: ResidentModel;
  readonly model: ModelOfTask<Name>;
}

interface Embedding extends EmbeddingModel {
  readonly learner: Learner;
}
