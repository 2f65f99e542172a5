/** Texts, one token at a time: by a program for the prompt and one for each further token, over a cache on the device. */
import { AttuneError, type HostTensor } from '@attune/ir';
import { pauses } from '../learner/pauses.js';
import type { PredictionContext } from '../learner/prediction.js';
import { Text, type TextOptions } from './text.js';
import { requirePrompts, requireWriter, TextCache } from './text-cache.js';

export interface GeneratedStep {
  /** The next token of each prompt; undefined for those whose text has ended. */
  readonly tokens: readonly (number | undefined)[];
  /** f32 [prompts, vocabulary], if they are wanted. */
  readonly logits?: HostTensor;
}

/**
 * Goes on from prompts, as transformers' `generate` does with left padding: greedily, by samples or by beams. Leaving the
 * loop early is allowed.
 * @param prompts token ids, at least one each; with `numReturnSequences` each has so many texts, one after the other
 * @param options of all texts, or of each, which is then written as if it were alone
 * @throws AttuneError `E_MODEL_UNSUPPORTED` for a model that writes no texts, `E_TOO_LONG` for more tokens than it has
 * positions or the cache holds, `E_CONFIG`, `E_DATA` for an empty prompt; the signal's reason
 */
export async function* generateTokens(
  prompts: readonly (readonly number[])[],
  context: PredictionContext,
  options: TextOptions | readonly TextOptions[] = {},
): AsyncGenerator<GeneratedStep, void, undefined> {
  requireWriter(context);
  requirePrompts(prompts);
  const signal = isList(options) ? undefined : options.signal;
  const texts = prompts.flatMap((prompt, row) =>
    textsOf(prompt, isList(options) ? (options[row] ?? {}) : options, isList(options) ? 0 : row),
  );
  using _ = disposing(texts);
  for (const text of texts) text.requireRoom(context.adapted.model.maxPositions);
  const searched = texts.filter(({ options: { numBeams } }) => numBeams > 1);
  if (searched.length > 0) {
    if (searched.length < texts.length) throw notTogether();
    const { beamSteps } = await import('./beam-search.js');
    yield* beamSteps(texts, context, signal);
    return;
  }
  using cache = new TextCache(context, texts.length);
  const unread = texts.map(({ prompt }) => prompt);
  yield* writeTexts(texts, cache, { unread, signal, maxPositions: context.adapted.model.maxPositions });
}

interface Writing {
  /** What the cache does not hold of each prompt yet. */
  readonly unread: readonly (readonly number[])[];
  readonly signal: AbortSignal | undefined;
  readonly maxPositions: number;
}

/** Writes texts on from a cache. */
export async function* writeTexts(
  texts: readonly Text[],
  cache: TextCache,
  { unread, signal, maxPositions }: Writing,
): AsyncGenerator<GeneratedStep, void, undefined> {
  const longest = Math.max(...unread.map(({ length }) => length));
  const steps = Math.max(...texts.map(({ options: { maxNewTokens } }) => maxNewTokens));
  const fixed = Math.max(...texts.map(({ options: { maxCacheLength = 0 } }) => maxCacheLength));
  const isWanted = texts.some(({ options: { outputLogits } }) => outputLogits);
  const needed = cache.position + longest + steps;
  const isFixed = needed <= fixed;
  const asked = texts[0]!.options.promptLookupNumTokens;
  const guesses =
    isWanted ||
    texts.length > 1 ||
    texts[0]!.followsGrammar ||
    !cache.isRewindable ||
    (isFixed && needed + asked > fixed)
      ? 0
      : asked;
  const width = await cache.allocate(longest, steps + guesses, isFixed ? fixed : undefined);
  const outputs = texts.some(({ needsScores }) => needsScores) ? 'logits' : 'chosen';
  const pause = pauses();
  for (let step = 0, rows = unread; step < steps; step++) {
    await pause();
    signal?.throwIfAborted();
    const ahead = Promise.all(texts.map((text) => text.lookAhead()));
    // The pass is waited for first: it must not go on behind an error.
    ahead.catch(() => undefined);
    const made = await cache.read(rows, outputs, step === 0 ? width : 1);
    await ahead;
    const tokens = texts.map((text, row) => text.next(made, row));
    if (tokens.every((token) => token === undefined)) return;
    yield { tokens, ...(isWanted ? { logits: made } : {}) };
    if (guesses > 0) break;
    // What a text that has ended reads does not matter to the others.
    rows = tokens.map((token) => [token ?? 0]);
  }
  const [text] = texts;
  if (guesses === 0 || !text) return;
  const { nextTokens } = await import('./prompt-lookup.js');
  while (text.written.length < steps) {
    await pause();
    signal?.throwIfAborted();
    for (const token of await nextTokens(text, cache, { count: guesses, maxPositions })) {
      if (token === undefined) return;
      yield { tokens: [token] };
    }
  }
}

/** The texts of a prompt. @param row of the prompts that share the options */
function textsOf(prompt: readonly number[], options: TextOptions, row: number): readonly Text[] {
  const first = new Text(prompt, options, row);
  const { numReturnSequences: count } = first.options;
  return Array.from({ length: count }, (_, index) => new Text(prompt, options, row * count + index));
}

const disposing = (texts: readonly Text[]): Disposable => ({
  [Symbol.dispose]() {
    for (const text of texts) text[Symbol.dispose]();
  },
});

const isList = (options: TextOptions | readonly TextOptions[]): options is readonly TextOptions[] =>
  Array.isArray(options);

const notTogether = (): AttuneError =>
  new AttuneError('E_CONFIG', 'Texts of a beam search cannot be written along with others.', {
    field: 'numBeams',
    hint: 'Give all of them beams, or write them apart.',
  });
