/** Computations that go through sequences step by step. */
import type { Value } from '../builder.js';
import { concat } from '../primitives/concat.js';
import { reshape } from '../primitives/reshape.js';
import { sliceAxis } from '../primitives/slice.js';

export interface Recurrence {
  /** What a step makes of the state, of its part [batch, …] of each sequence, and of what all steps share. */
  step(
    state: readonly Value[],
    parts: readonly Value[],
    shared: readonly Value[],
  ): { readonly state: readonly Value[]; readonly results: readonly Value[] };
  readonly initial: readonly Value[];
  /** [steps, batch, …] each, at least one. */
  readonly sequences: readonly Value[];
  readonly shared: readonly Value[];
  /** From the last step to the first; forward by default. */
  readonly backward?: boolean;
}

/** The state after all steps, and the results of the steps as sequences [steps, batch, …]. */
export interface Recurred {
  readonly final: readonly Value[];
  readonly results: readonly Value[];
}

/** A way to do a recurrence: a device may have a better one than to unroll it. */
export type Recur = (recurrence: Recurrence) => Recurred;

/** Names of the composites that are decomposed by a `Recur`. */
export const recurrentNames: ReadonlySet<string> = new Set(['lstm', 'lstm_gradient']);

/** Rows of a matrix from `start` on: how a step takes its part of a sequence. */
export type RowsOf = (x: Value, start: number, count: number) => Value;

const slicedRows: RowsOf = (x, start, count) => sliceAxis(x, 0, start, start + count);

/** A program of all steps, one behind the other. */
export function unrolled(rowsOf: RowsOf = slicedRows): Recur {
  return ({ step, initial, sequences, shared, backward = false }) => {
    const [steps, batch] = sequences[0]!.type.shape;
    const rows = sequences.map((sequence) => reshape(sequence, [steps! * batch!, ...sequence.type.shape.slice(2)]));
    const results: (readonly Value[])[] = new Array(steps!);
    let state = initial;
    for (let count = 0; count < steps!; count++) {
      const at = backward ? steps! - 1 - count : count;
      const made = step(
        state,
        rows.map((sequence) => rowsOf(sequence, at * batch!, batch!)),
        shared,
      );
      state = made.state;
      results[at] = made.results;
    }
    return { final: state, results: results[0]!.map((_, index) => sequenceOf(results.map((each) => each[index]!))) };
  };
}

/** What steps made, [batch, …] each, as a sequence. */
function sequenceOf([first, ...others]: readonly Value[]): Value {
  return reshape(concat([first!, ...others], 0), [others.length + 1, ...first!.type.shape]);
}
