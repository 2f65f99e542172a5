/** Question answering by spans: from the logits of windows over a context to the text of the answer. */
import { softmaxOf } from './softmax.js';
import type { TokenPlaces } from './token-places.js';

/** A window over a context, as a row of a batch holds it, with the places of its tokens in the context. */
export interface ContextWindow extends TokenPlaces {
  /** A number of the question; windows over the same context share it. */
  readonly question: number;
  readonly context: string;
  /** The accepted answers; none where the context does not answer. */
  readonly answers: readonly string[];
}

export interface SpanOptions {
  /** The longest answer in tokens; 30 by default, as in transformers' run_qa. */
  readonly maxAnswerLength?: number;
}

/** A scored answer of one window. */
export interface ScoredSpan {
  /** In UTF-16 units of the context; both 0 for no answer. */
  readonly start: number;
  readonly end: number;
  /** The sum of the logits of start and end, which compares windows. */
  readonly logit: number;
  /** The product of the probabilities of start and end in the window. */
  readonly score: number;
}

/** What one window says: its best span, and the first token's score, which stands for no answer. */
export interface WindowAnswer {
  readonly best: ScoredSpan;
  readonly none: ScoredSpan;
}

/**
 * The best span of a window.
 * @param startLogits one number per token; what is behind the window's tokens is padding
 * @param endLogits likewise
 */
export function answerOfWindow(
  { starts, ends }: TokenPlaces,
  startLogits: Float32Array,
  endLogits: Float32Array,
  { maxAnswerLength = 30 }: SpanOptions = {},
): WindowAnswer {
  const [startOdds, endOdds] = [startLogits, endLogits].map((logits) => softmaxOf(logits.subarray(0, starts.length)));
  const spanOf = (first: number, last: number): ScoredSpan => ({
    start: Math.max(0, starts[first]!),
    end: Math.max(0, ends[last]!),
    logit: startLogits[first]! + endLogits[last]!,
    score: startOdds![first]! * endOdds![last]!,
  });
  let [first, last, most] = [0, 0, Number.NEGATIVE_INFINITY];
  for (let from = 0; from < starts.length; from++) {
    if (starts[from]! < 0) continue;
    for (let to = from; to < Math.min(from + maxAnswerLength, starts.length) && ends[to]! >= 0; to++) {
      const logit = startLogits[from]! + endLogits[to]!;
      if (logit > most) [first, last, most] = [from, to, logit];
    }
  }
  return { best: spanOf(first, last), none: { ...spanOf(0, 0), start: 0, end: 0 } };
}

/**
 * The answer over all windows of a context, as transformers' run_qa chooses it: the largest sum of logits, or no answer
 * where the smallest score of none is larger still.
 * @param mayBeNone whether no answer is possible
 */
export function chooseAnswer(windows: readonly WindowAnswer[], mayBeNone: boolean): ScoredSpan {
  const best = windows.map((window) => window.best).reduce((one, other) => (other.logit > one.logit ? other : one));
  const none = windows.map((window) => window.none).reduce((one, other) => (other.logit < one.logit ? other : one));
  return mayBeNone && none.logit > best.logit ? none : best;
}
