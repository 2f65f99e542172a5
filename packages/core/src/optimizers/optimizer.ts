import type { TensorType, Value } from '@attune/ir';

/** One tensor of optimizer state, as it is before the first step. */
export interface StateSlot {
  readonly type: TensorType;
  /** The value that fills it. */
  readonly initial: number;
}

export interface UpdateContext {
  readonly parameter: Value;
  /** The gradient after clipping, of the parameter's type. */
  readonly gradient: Value;
  readonly state: Readonly<Record<string, Value>>;
  /** f32 scalar: the schedule's rate times the parameter group's scale. */
  readonly learningRate: Value;
  /** f32 scalar: the number of this optimizer step, from 1. */
  readonly step: Value;
  readonly weightDecay: number;
}

/** An optimizer as a tensor program: `update` appends one parameter's update to the step's program. */
export interface Optimizer {
  readonly name: string;
  /** Its options as plain JSON, for checkpoints. */
  readonly options: Readonly<Record<string, unknown>>;
  /** State tensors of one parameter, by slot name. */
  slots(type: TensorType): Readonly<Record<string, StateSlot>>;
  update(context: UpdateContext): UpdateResult;
}

/** The parameter and its state after the step; the state has the slots of `slots`. */
export interface UpdateResult {
  readonly parameter: Value;
  readonly state: Readonly<Record<string, Value>>;
}
