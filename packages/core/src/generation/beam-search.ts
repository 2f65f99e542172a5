/** Beam search as transformers has it: the texts with the largest sum of log-probabilities over length^lengthPenalty. */

import { pauses } from '../learner/pauses.js';
import type { PredictionContext } from '../learner/prediction.js';
import type { GeneratedStep } from './generate.js';
import {
  type CheckedGenerateOptions,
  checkedOptions,
  endTokensOf,
  type GenerateOptions,
} from './generation-options.js';
import { processorsOf } from './processors/list.js';
import { type LogitsProcessor, weightsOf } from './processors/processor.js';
import type { Text } from './text.js';
import { TextCache } from './text-cache.js';

/** A text that a search has found. */
interface FoundText {
  readonly tokens: readonly number[];
  /** The sum of its log-probabilities over length^lengthPenalty. */
  readonly score: number;
}

interface Beam extends FoundText {
  readonly isFinished: boolean;
}

/** What takes a text out of the choice without making its score infinite, as in transformers. */
const NEVER = -1e9;

/** The steps of `generateTokens` for texts that are found one after the other, when all are known. */
export async function* beamSteps(
  texts: readonly Text[],
  context: PredictionContext,
  signal: AbortSignal | undefined,
): AsyncGenerator<GeneratedStep, void, undefined> {
  const found: (readonly number[])[] = [];
  while (found.length < texts.length) {
    const { prompt, options, signal: own } = texts[found.length]!;
    const ending = AbortSignal.any([signal, own].filter((each) => each !== undefined));
    for (const { tokens } of await searchBeams(prompt, context, options, ending)) found.push(tokens);
    signal?.throwIfAborted();
  }
  const steps = Math.max(...found.map(({ length }) => length));
  for (let step = 0; step < steps; step++) yield { tokens: found.map((tokens) => tokens[step]) };
}

/**
 * The best `numReturnSequences` texts for one prompt, the best first.
 * @param signal ends the search early
 * @throws as `generateTokens`
 */
export async function searchBeams(
  prompt: readonly number[],
  context: PredictionContext,
  options: GenerateOptions,
  signal?: AbortSignal,
): Promise<readonly FoundText[]> {
  const search = new BeamSearch(prompt, checkedOptions(options));
  const { numBeams, maxNewTokens, numReturnSequences, maxCacheLength } = search.options;
  using cache = new TextCache(context, numBeams);
  const width = await cache.allocate(prompt.length, maxNewTokens, maxCacheLength);
  const pause = pauses();
  let rows: readonly (readonly number[])[] = new Array<readonly number[]>(numBeams).fill(prompt);
  for (let step = 0; step < maxNewTokens; step++) {
    await pause();
    if (signal?.aborted) break;
    const { data, type } = await cache.read(rows, 'logits', step === 0 ? width : 1);
    const words = type.shape[1]!;
    const parents = search.advance((beam) => new Float32Array(data.subarray(beam * words, (beam + 1) * words)));
    if (!parents) break;
    await cache.reorder(parents);
    rows = search.running.map(({ tokens }) => tokens.slice(-1));
  }
  const ends = endTokensOf(search.options);
  return search.finished.slice(0, numReturnSequences).map(({ tokens, score }) => {
    const hasEnd = tokens.length > 0 && ends.includes(tokens.at(-1)!);
    return { tokens: hasEnd ? tokens.slice(0, -1) : tokens, score };
  });
}

class BeamSearch {
  readonly options: CheckedGenerateOptions;
  running: readonly FoundText[];
  finished: readonly Beam[];
  readonly #prompt: readonly number[];
  readonly #processors: readonly LogitsProcessor[];
  readonly #ends: ReadonlySet<number>;

  constructor(prompt: readonly number[], options: CheckedGenerateOptions) {
    this.options = options;
    this.#prompt = prompt;
    this.#processors = processorsOf(this.options);
    this.#ends = new Set(endTokensOf(this.options));
    const { numBeams } = this.options;
    // All beams are the prompt at first: only one of them counts.
    this.running = Array.from({ length: numBeams }, (_, beam) => ({ tokens: [], score: beam === 0 ? 0 : NEVER }));
    this.finished = Array.from({ length: numBeams }, () => ({ tokens: [], score: NEVER, isFinished: false }));
  }

  /**
   * Goes on by a token.
   * @param scoresOf the scores of all tokens behind a running beam
   * @returns the beam that each running one goes on from; undefined if the search is over
   */
  advance(scoresOf: (beam: number) => Float32Array): readonly number[] | undefined {
    const { numBeams, maxNewTokens, lengthPenalty, earlyStopping } = this.options;
    const length = this.running[0]!.tokens.length + 1;
    const candidates = this.#candidates(scoresOf);
    const goOn = best(
      candidates.map((each) => ({ ...each, score: each.score + (each.isFinished ? NEVER : 0) })),
      numBeams,
    );
    const ended = candidates.slice(0, numBeams).filter(({ isFinished }) => isFinished);
    const scored = ended.map((each) => ({ ...each, score: each.score / length ** lengthPenalty }));
    this.finished = best([...this.finished, ...scored], numBeams);
    this.running = goOn;
    const isFull = this.finished.every(({ isFinished }) => isFinished);
    const isOver = candidates.every(({ isFinished }) => isFinished) || (isFull && earlyStopping === true);
    const reach = earlyStopping === 'never' && lengthPenalty > 0 ? maxNewTokens : length;
    const possible = goOn[0]!.score / reach ** lengthPenalty;
    const worst = isFull ? this.finished.at(-1)!.score : NEVER;
    return isOver || possible <= worst ? undefined : goOn.map(({ beam }) => beam);
  }

  /** The best tokens behind all beams, so many that enough of them go on although others end. */
  #candidates(scoresOf: (beam: number) => Float32Array) {
    const { numBeams, maxNewTokens } = this.options;
    const kept = Math.max(2, 1 + this.#ends.size) * numBeams;
    const found = this.running.flatMap(({ tokens, score }, beam) => {
      const scores = logProbabilities(scoresOf(beam));
      for (const process of this.#processors) process(scores, { prompt: this.#prompt, written: tokens });
      return largest(scores, kept).map((token) => ({ beam, token, score: scores[token]! + score }));
    });
    return best(found, kept).map(({ beam, token, score }) => {
      const tokens = [...this.running[beam]!.tokens, token];
      return { beam, tokens, score, isFinished: this.#ends.has(token) || tokens.length === maxNewTokens };
    });
  }
}

function logProbabilities(scores: Float32Array): Float32Array {
  const { total } = weightsOf(scores);
  const most = scores.reduce((most, score) => Math.max(most, score), -Infinity) + Math.log(total);
  return scores.map((score) => score - most);
}

/** The tokens with the largest scores, in descending order. */
function largest(scores: Float32Array, count: number): readonly number[] {
  const found: number[] = [];
  for (let token = 0; token < scores.length; token++) {
    if (found.length === count && scores[token]! <= scores[found[count - 1]!]!) continue;
    let place = found.length;
    while (place > 0 && scores[found[place - 1]!]! < scores[token]!) place--;
    found.splice(place, 0, token);
    if (found.length > count) found.pop();
  }
  return found;
}

/** Those with the best scores, the best first; of equal ones the earlier. */
const best = <Scored extends { readonly score: number }>(all: readonly Scored[], count: number): readonly Scored[] =>
  all.toSorted((a, b) => b.score - a.score).slice(0, count);
