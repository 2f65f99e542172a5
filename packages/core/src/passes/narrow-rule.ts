/** The form of the rules that narrow-rules.ts lists. */
import type { Attributes, OpDefinition, ProgramBuilder, TensorType, Value } from '@attune/ir';
import type { Window } from './window.js';

/** How an op makes one window of its first output. */
export interface Narrowed {
  readonly inputs: readonly Window[];
  /** From the inputs' windows; the first output only. */
  build(builder: ProgramBuilder, inputs: readonly Value[]): readonly Value[];
}

export interface Application<A extends Attributes> {
  readonly definition: OpDefinition<string, A>;
  readonly attributes: A;
  readonly inputs: readonly TensorType[];
  readonly window: Window;
}

/** Undefined where the op is to be computed whole. */
export type NarrowRule<A extends Attributes> = (application: Application<A>) => Narrowed | undefined;
