/** Texts, one token at a time: by a program for the prompt and one for each further token, over a cache on the device. */
import type { HostTensor } from '@attune/ir';
import { pauses } from '../learner/pauses.js';
import type { PredictionContext } from '../learner/prediction.js';
import { Text, type TextOptions } from './text.js';
import { requirePrompts, TextCache } from './text-cache.js';

export interface GeneratedStep {
  /** The next token of each prompt; undefined for those whose text has ended. */
  readonly tokens: readonly (number | undefined)[];
  /** f32 [prompts, vocabulary], if they are wanted. */
  readonly logits?: HostTensor;
}

/**
 * Goes on from prompts, as transformers' `generate` does with left padding: greedily, or by samples. Leaving the loop
 * early is allowed.
 * @param prompts token ids, at least one each
 * @param options of all texts, or of each, which is then written as if it were alone
 * @throws AttuneError `E_MODEL_UNSUPPORTED` for a model that writes no texts, `E_TOO_LONG` for more tokens than it has
 * positions or the cache holds, `E_CONFIG`, `E_DATA` for an empty prompt; the signal's reason
 */
export async function* generateTokens(
  prompts: readonly (readonly number[])[],
  context: PredictionContext,
  options: TextOptions | readonly TextOptions[] = {},
): AsyncGenerator<GeneratedStep, void, undefined> {
  using cache = new TextCache(context, prompts.length);
  const longest = requirePrompts(prompts);
  const signal = isList(options) ? undefined : options.signal;
  const texts = prompts.map((prompt, row) =>
    isList(options) ? new Text(prompt, options[row] ?? {}) : new Text(prompt, options, row),
  );
  for (const text of texts) text.requireRoom(context.adapted.model.maxPositions);
  const steps = Math.max(...texts.map(({ options: { maxNewTokens } }) => maxNewTokens));
  const fixed = Math.max(...texts.map(({ options: { maxCacheLength = 0 } }) => maxCacheLength));
  const width = await cache.allocate(longest, steps, longest + steps > fixed ? undefined : fixed);
  const outputs = texts.some(({ needsScores }) => needsScores) ? 'logits' : 'chosen';
  const isWanted = texts.some(({ options: { outputLogits } }) => outputLogits);
  const pause = pauses();
  for (let step = 0, rows = prompts; step < steps; step++) {
    await pause();
    signal?.throwIfAborted();
    const made = await cache.read(rows, outputs, step === 0 ? width : 1);
    const tokens = texts.map((text, row) => text.next(made, row));
    if (tokens.every((token) => token === undefined)) return;
    yield { tokens, ...(isWanted ? { logits: made } : {}) };
    // What a text that has ended reads does not matter to the others.
    rows = tokens.map((token) => [token ?? 0]);
  }
}

const isList = (options: TextOptions | readonly TextOptions[]): options is readonly TextOptions[] =>
  Array.isArray(options);
