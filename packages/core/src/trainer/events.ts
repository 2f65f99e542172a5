/** What happens in training, as plain data. */
import type { TrainingArguments } from './training-arguments.js';

export type TrainEvent =
  | ProgressEvent
  | RecipeEvent
  | StartEvent
  | CompileEvent
  | StepEvent
  | EvaluationEvent
  | CompletionsEvent
  | CheckpointEvent
  | WarningEvent
  | EndEvent;

/** How far tokenizing or an evaluation is: at most about ten for each, and none if there is little to do. */
export interface ProgressEvent {
  readonly type: 'progress';
  readonly phase: 'tokenizing' | 'evaluating';
  /** Examples, or batches of an evaluation. */
  readonly done: number;
  readonly total: number;
}

/** The first event of a run but for progress and warnings: what it trains with. */
export interface RecipeEvent {
  readonly type: 'recipe';
  /** All training arguments. */
  readonly arguments: TrainingArguments;
  /** The names of those that were chosen for the model and the data. */
  readonly chosen: readonly string[];
  /** Examples to train on. */
  readonly examples: number;
  /** Training examples that were held out for evaluation. */
  readonly heldOut: number;
  /** Fingerprints of the data; null without evaluation data. */
  readonly data: { readonly train: string; readonly evaluation: string | null };
}

export interface StartEvent {
  readonly type: 'start';
  /** Optimizer steps in all. */
  readonly steps: number;
  readonly examples: number;
  readonly parameters: number;
  readonly trainableParameters: number;
  /** What runs: the backend's device. */
  readonly device: string;
  /** Of Attune and of what computes. */
  readonly versions: Readonly<Record<string, string>>;
  /** The step that training goes on from; 0 for a new run. */
  readonly resumedFrom: number;
}

export interface CompileEvent {
  readonly type: 'compile';
  readonly program: string;
  readonly kernels: number;
  readonly milliseconds: number;
}

export interface StepEvent {
  readonly type: 'step';
  /** Optimizer steps done, from 1. */
  readonly step: number;
  /** Epochs done, with a fraction. */
  readonly epoch: number;
  readonly loss: number;
  readonly learningRate: number;
  /** Before clipping. */
  readonly gradientNorm: number;
  /** Those that the objective gives with its loss; absent if it gives none. */
  readonly metrics?: Readonly<Record<string, number>>;
  readonly examples: number;
  readonly tokens: number;
  /** Wall time of the step. */
  readonly milliseconds: number;
  readonly examplesPerSecond: number;
  readonly tokensPerSecond: number;
}

export interface EvaluationEvent {
  readonly type: 'evaluation';
  readonly step: number;
  readonly epoch: number;
  /** `loss` and the metrics of the task. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly best: boolean;
}

/** What the model writes with the weights of now; `logCompletions` of the Trainer makes them. */
export interface CompletionsEvent {
  readonly type: 'completions';
  readonly step: number;
  readonly epoch: number;
  readonly completions: readonly Completion[];
}

export interface Completion {
  /** As it was given. */
  readonly prompt: string;
  /** What the model wrote behind it. */
  readonly completion: string;
}

export interface CheckpointEvent {
  readonly type: 'checkpoint';
  readonly step: number;
  /** Below the output directory. */
  readonly path: string;
}

export interface WarningEvent {
  readonly type: 'warning';
  readonly message: string;
}

export interface EndEvent {
  readonly type: 'end';
  readonly reason: 'completed' | 'early-stopped' | 'aborted';
  readonly step: number;
  /** What the AbortSignal gave as its reason, of which the signal itself has the value. */
  readonly cause?: { readonly name: string; readonly message: string };
}

/** Is told what happens, before the loop over `train` is; what it throws ends the run. */
export type TrainListener = (event: TrainEvent) => void | Promise<void>;

/** The end of a run that a signal aborted after a step. */
export function abortedAt(step: number, reason: unknown): EndEvent {
  const { name, message } = reason instanceof Error ? reason : { name: 'AbortError', message: String(reason) };
  return { type: 'end', reason: 'aborted', step, cause: { name, message } };
}
