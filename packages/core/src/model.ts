import { AttuneError, type TensorType, tensorType, type Value } from '@attune/ir';
import type { PackedFormats } from './packed/packed-format.js';
import type { Scope } from './scope.js';

/** What a model is asked to do, as far as strategies and files need to know it; @attune/tasks has the tasks. */
export interface ModelTask {
  readonly name: string;
  /** PEFT's name of it; null if it has none. */
  readonly peftTaskType: string | null;
  /** The modules of its head, by transformers' names. */
  readonly headModules: readonly string[];
  /** The modules that train beside an adapter and are saved with it. */
  readonly adapterModules: readonly string[];
}

/** The input that says where in a cache the batch's tokens go, an i32 scalar; absent without a cache. */
export const CACHE_POSITION = 'cachePosition';

/**
 * Of rows that hold several texts one behind the other: the place of each token in its text, i32 [batch, tokens]. A text
 * begins at each 0 and sees no other text of its row.
 */
export const POSITION_IDS = 'positionIds';

/** Named values of a trace: batch fields on the way in (`inputIds`), outputs on the way out (`logits`). */
export type Values = Readonly<Record<string, Value>>;

/** The types of the batch fields that a model reads, by name. */
export type BatchTypes = Readonly<Record<string, TensorType>>;

/** How large a batch is. */
export interface BatchShape {
  /** Rows. */
  readonly batch: number;
  /** Tokens of each row, padding included. */
  readonly tokens: number;
}

/** How deep the parameters of a model lie, which strategies that go by layers ask. */
export interface LayerDepths {
  /** How many layers there are between embeddings and head. */
  readonly layers: number;
  /**
   * The depth of a parameter, or of any path: 0 for the embeddings, then 1 for the first layer, and `layers + 1` for all
   * that stands above the last one, the head among it.
   */
  of(path: string): number;
}

/**
 * An architecture with a task head. `forward` is written once, in plain functions over the scope; parameters are what
 * it asks the scope for, under their Hugging Face names.
 */
export interface Model {
  /** `model_type` of the Hugging Face configuration. */
  readonly architecture: string;
  readonly task: ModelTask;
  /** The Hugging Face configuration, as config.json holds it. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Width of the hidden states, if it has any. */
  readonly width?: number;
  /** The layers that adapters change by default, as PEFT has it for the architecture; those of BERT if absent. */
  readonly adapterTargets?: readonly string[];
  /**
   * Whether files hold the weight of a linear layer as [in, out], as GPT-2's do, by the parameter's name; here it is
   * [out, in]. None by default.
   */
  readonly storesTransposed?: (parameter: string) => boolean;
  /** How deep its parameters lie; absent for a model without layers. */
  readonly depths?: LayerDepths;
  /** The longest input in tokens. */
  readonly maxPositions: number;
  /**
   * True if virtual tokens stand in front of each row: the output `logitsBefore` [batch, 1, classes] then says what comes
   * first, which a language model learns too.
   */
  readonly predictsFirstToken?: boolean;
  /** If a strategy put something around a model: that model. */
  readonly base?: Model;
  /** If weights of it are packed: how, and the model over the same weights in full precision. */
  readonly packed?: { readonly formats: PackedFormats; readonly unpacked: Model };
  /** The batch fields that `forward` reads, as a collator makes them for batches of that size. */
  inputs(shape: BatchShape): BatchTypes;
  /** Batch fields that it reads too if a batch has them, such as `positionIds`; none by default. */
  readonly optionalInputs?: readonly string[];
  /**
   * Tensors that a decoder carries from token to token, all 0 before the first: the keys and values of a cache. `tokens` is
   * how many the cache holds. Absent for a model that generates by its state, or not at all.
   */
  cache?(shape: BatchShape): BatchTypes;
  /**
   * Tensors that a model carries from batch to batch while rows go on, such as the hidden states of a recurrent one; all 0
   * before the first. The first axis is the rows of the batch. Absent for a model that sees each batch by itself.
   */
  state?(shape: Pick<BatchShape, 'batch'>): BatchTypes;
  /** Tokens of a batch's rows if it has a state and nobody says more: so far back does training go. */
  readonly windowLength?: number;
  /**
   * @param inputs with cache and state, if there are such, under their own names: the outputs then hold them too. A cache
   * comes with `cachePosition`; with that alone, texts begin, and the outputs hold the cache of these tokens. Without a
   * state, rows begin.
   */
  forward(scope: Scope, inputs: Values): Values;
}

/** Fields of one i32 for each token: [batch, tokens]. */
export const tokenFields =
  (...names: readonly string[]) =>
  ({ batch, tokens }: BatchShape): BatchTypes =>
    Object.fromEntries(names.map((name) => [name, tensorType([batch, tokens], 'i32')]));

/** The names of the batch fields that a model reads, which are the same for all batches. */
export const inputNamesOf = (model: Model): readonly string[] => Object.keys(model.inputs({ batch: 1, tokens: 1 }));

/**
 * What a model reads of a batch's fields.
 * @throws AttuneError `E_STRATEGY` for rows of several texts that it would take for one
 */
export function fieldsRead<Field>(model: Model, fields: Readonly<Record<string, Field>>): readonly string[] {
  const optional = (model.optionalInputs ?? []).filter((name) => name in fields);
  if (POSITION_IDS in fields && !optional.includes(POSITION_IDS)) {
    throw new AttuneError('E_STRATEGY', `This ${model.architecture} cannot read packed rows.`, {
      field: 'packing',
      hint: 'Leave out packing or the virtual tokens.',
    });
  }
  return [...inputNamesOf(model), ...optional];
}
