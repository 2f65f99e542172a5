import type { EncodingWatch, Evaluator, ExampleSource, Model, Objective, Scope, TextTask, Values } from '@attune/core';
import type { EncodedDataset, RowDataset } from '@attune/data';
import type { Storage, Tokenizer } from '@attune/hub';
import type { Questions } from './asked.js';
import type { Encoder } from './encoder.js';
import type { TaskOptionTable } from './options.js';
import type { ProblemType } from './problem-type.js';
import type { TaskSettings } from './settings.js';
import type { ShownAnswer } from './shown-answer.js';

/** What a model is asked to do, as a value. Nothing outside a task's file asks which task it is. */
export interface Task {
  readonly name: string;
  /** Tokens kept of each text if neither the user nor the model says more. */
  readonly defaultLength: number;
  /** How transformers' class for it ends: `BertForSequenceClassification`. */
  readonly classSuffix: string;
  /** How some families' classes end instead: `GPT2LMHeadModel`. */
  readonly otherClassSuffixes?: readonly string[];
  /** PEFT's name of it; null if it has none. */
  readonly peftTaskType: string | null;
  /** The modules, by transformers' names, whose rows are classes or numbers that config.json names; empty without labels. */
  readonly labelModules: readonly string[];
  /** Whether config.json says by `problem_type` what the labels are. */
  readonly hasProblemType: boolean;
  /** What it puts on an encoder; undefined if that encoder cannot serve it. */
  headOn(encoder: Encoder): Head | undefined;
}

/** Tokens kept of each text if nobody says: the window of a recurrent language model, else the task's number within the positions. */
export const defaultLengthFor = (
  { defaultLength }: Pick<Task, 'defaultLength'>,
  { windowLength, maxPositions }: Pick<Model, 'windowLength' | 'maxPositions'>,
): number => windowLength ?? Math.min(defaultLength, maxPositions);

/** A task that models are trained for: also how rows become fields, what is minimized and measured, and how it answers. */
export interface TrainedTask<
  Answer = unknown,
  Input = unknown,
  Options extends object = object,
  Name extends string = string,
> extends Task {
  readonly name: Name;
  /**
   * A model at work on the task.
   * @throws AttuneError `E_TOKENIZER` for a tokenizer that does not serve, `E_CONFIG` for options that do not fit the labels
   */
  use(model: TaskSubject, options: Options): TaskUse<Answer, Input> | Promise<TaskUse<Answer, Input>>;
  /** Names that it has elsewhere, for hints. */
  readonly aliases: readonly string[];
  /** Its options as flags and fields; those of `use` are among them, under the same names. */
  readonly options: TaskOptionTable;
  readonly files: TaskFiles;
  readonly asking: TaskAsking<Answer, Input>;
}

/** How a task reads files. */
interface TaskFiles {
  /**
   * The examples of a file, read when they are first asked for.
   * @param settings with the task's own options
   * @param trained the model that the examples are for, if it is trained already
   * @throws AttuneError `E_CONFIG` for options that do not fit the file
   */
  open(file: string, settings: TaskSettings, trained?: Pick<TaskSubject, 'problemType'>): RowDataset<unknown>;
  /** What loading a model to train needs to know of the data; nothing by default. @throws AttuneError `E_CONFIG` */
  labelsOf?(data: RowDataset<unknown>, settings: TaskSettings): Promise<LabelsOfData>;
  /** Equal for examples that are the same to the model. */
  keyOf(example: unknown): string;
}

interface LabelsOfData {
  readonly labels?: readonly string[];
  readonly labelCount?: number;
  readonly problemType?: ProblemType;
}

/** How a trained model is asked. */
interface TaskAsking<Answer, Input> {
  /** The command that asks it, with an example of what follows `--model DIR`. */
  readonly command: 'predict' | 'generate' | 'embed';
  readonly example: string;
  /** How `predict` answers; absent if another command asks. */
  readonly predict?: {
    /** @throws AttuneError `E_CONFIG` if the settings do not say what is asked */
    inputs(settings: TaskSettings): Promise<Questions<Input>>;
    show(input: Input, answer: Answer, model: Pick<TaskSubject, 'problemType'>): ShownAnswer;
  };
}

/** A loaded model as its task sees it. */
export interface TaskSubject {
  readonly model: Model;
  /** Names of the classes, tags or numbers, in the order of the outputs; empty without labels. */
  readonly labels: readonly string[];
  readonly problemType: ProblemType | undefined;
  /** What logits of one class for each text are divided by before they are probabilities; 1 if absent. */
  readonly temperature?: number | undefined;
  readonly tokenizer: Tokenizer;
  /** Where its files lie. */
  readonly source: Storage;
  /** Tokens kept of each text. */
  readonly maxLength: number;
}

export interface TaskUse<Answer, Input> {
  readonly objective: Objective;
  readonly evaluator: () => Evaluator;
  /** How it answers; absent for a model that writes texts. */
  readonly text?: Omit<TextTask<Answer, Input>, 'padTokenId' | 'maxLength'>;
  /** What attune.json says beside the task and the length. */
  readonly file?: { readonly labels?: string[]; readonly problemType?: ProblemType };
  /** Writes beside a saved model or adapter what its own files do not say. */
  describe?(target: Storage): Promise<void>;
  /**
   * Reads the examples and looks at their labels.
   * @throws AttuneError as `encode`, but for what only tokenizing finds
   */
  check(examples: ExampleSource): Promise<void>;
  /** Examples as batches. @throws AttuneError `E_CONFIG` for a kind that the task does not learn from, `E_DATA_LABELS` */
  encode(examples: ExampleSource, watch: EncodingWatch): Promise<EncodedDataset>;
}

/**
 * What a classifier of texts reads, as `classifier_vector` of config.json names it: the mean of the states, or that of the
 * first token, at unit length. It is the vector of sentence-transformers, and no class of transformers reads it.
 */
export const classifierVectors = ['normalized_mean', 'normalized_cls'] as const;
export type ClassifierVector = (typeof classifierVectors)[number];

export interface HeadOptions {
  /** Outputs of a classifier. */
  readonly labels: number;
  /** Adds `hiddenStates.<i>` to the outputs. */
  readonly outputHiddenStates: boolean;
  /** Adds `poolerOutput` to the outputs of feature extraction. */
  readonly outputPooler: boolean;
}

export interface Head {
  /** Prefixes, with their dots, of its parameters. A file has all of a prefix, or nothing of it: then it is made. */
  readonly prefixes: readonly string[];
  /** The modules that it consists of, by the names that transformers' models give them. */
  readonly modules: readonly string[];
  /** The modules that train beside an adapter and are saved with it; `modules` by default. */
  readonly adapterModules?: readonly string[];
  /** Of the prefixes, that of the layer whose outputs are the labels. */
  readonly classifier?: string;
  /** Batch fields, i32 [batch, tokens], that it reads if the model is made for them. */
  readonly optionalInputs?: readonly string[];
  /** Whether the rows of a batch may go on in the next one: the state of a recurrent encoder is then carried. */
  readonly carriesState?: boolean;
  /** What transformers' class of the task has of the family beyond its hidden states. */
  readonly keeps?: readonly ('textState' | 'vocabulary')[];
  /** The head of a classifier of texts that reads such a vector in place of what its family gives it. */
  reading?(vector: ClassifierVector): Head;
  /** @param scope the model's root */
  forward(scope: Scope, inputs: Values, options: HeadOptions): Values;
}
