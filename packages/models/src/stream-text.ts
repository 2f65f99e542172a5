/** Texts that a causal language model writes. */
import type { Learner } from '@attune/core';
import { checkedOptions } from '@attune/core/internal';
import type { Tokenizer } from '@attune/hub';
import type { LoadedModel } from './loaded-model.js';
import type { TextWriter } from './loaders.js';
import { TextPieces } from './text-pieces.js';
import { tokenOptionsOf, type WritingOptions } from './writing-options.js';

/** The ids of the tokens that end a text: those of config.json and the tokenizer's own. */
export function endTokensOf(
  { model: { config } }: Pick<LoadedModel, 'model'>,
  tokenizer: Tokenizer,
): readonly number[] {
  const { eos_token_id: given } = config;
  const listed = [given].flat().filter((id): id is number => typeof id === 'number' && Number.isInteger(id) && id >= 0);
  return [...new Set([...listed, ...(tokenizer.endTokenId === undefined ? [] : [tokenizer.endTokenId])])];
}

/** What was written so far, and its tokens. */
export interface WrittenText {
  /** The text since the last one. */
  readonly piece: string;
  readonly text: string;
  readonly tokens: readonly number[];
  /** Of the last one: whether the text ended by itself or by a stop string, or had as many tokens as it may. */
  readonly finishReason?: 'stop' | 'length';
}

/** What to go on from, a text or token ids, and how. */
export interface WritingRequest {
  readonly prompt: string | readonly number[];
  /** A text among several ends when its signal is aborted. */
  readonly options?: WritingOptions & { readonly signal?: AbortSignal | undefined };
}

/** What writes: a learner, or a model of `openModel`. */
type Writes = Pick<Learner, 'generate'>;

/**
 * Writes on from a prompt, piece by piece as characters are complete.
 * @param learner has the model on a device
 * @throws AttuneError as `Learner.generate`, and as the tokenizer
 */
export async function* streamText(
  learner: Writes,
  writer: Pick<TextWriter, 'model' | 'tokenizer'>,
  prompt: WritingRequest['prompt'],
  options: NonNullable<WritingRequest['options']> = {},
): AsyncGenerator<WrittenText, void, undefined> {
  options.signal?.throwIfAborted();
  for await (const [written] of streamTexts(learner, writer, [{ prompt, options }])) {
    options.signal?.throwIfAborted();
    if (written) yield written;
  }
}

/**
 * Writes on from several prompts at once, each with its options, as if it were alone.
 * @returns for each step what is new of each text; undefined for those that have ended
 * @throws AttuneError as `streamText`
 */
export async function* streamTexts(
  learner: Writes,
  { model, tokenizer }: Pick<TextWriter, 'model' | 'tokenizer'>,
  requests: readonly WritingRequest[],
): AsyncGenerator<readonly (WrittenText | undefined)[], void, undefined> {
  const ends = [...endTokensOf({ model }, tokenizer)];
  const rows = await Promise.all(
    requests.map(async ({ prompt, options: { signal, ...given } = {} }) => {
      const { stops, options } = await tokenOptionsOf(given, tokenizer);
      const eosTokenId = options.eosTokenId ?? ends;
      const stopped = new AbortController();
      const ending = signal ? AbortSignal.any([signal, stopped.signal]) : stopped.signal;
      return {
        ids: typeof prompt === 'string' ? await promptTokens(prompt, tokenizer, [eosTokenId].flat()) : prompt,
        options: { ...options, eosTokenId, signal: ending },
        pieces: new TextPieces((tokens) => tokenizer.decode(tokens), stops),
        stop: () => stopped.abort(),
        limit: checkedOptions(options).maxNewTokens,
        hasEnded: false,
      };
    }),
  );
  const last = (row: (typeof rows)[number], piece: string): WrittenText => {
    row.hasEnded = true;
    row.stop();
    const { text, tokens, hasStopped } = row.pieces;
    const finishReason = hasStopped || tokens.length < row.limit ? 'stop' : 'length';
    return { piece, text, tokens, finishReason };
  };
  const prompts = rows.map(({ ids }) => ids);
  const options = rows.map((row) => row.options);
  for await (const step of learner.generate(prompts, options)) {
    yield rows.map((row, index) => {
      if (row.hasEnded) return undefined;
      const token = step.tokens[index];
      if (token === undefined) return last(row, row.pieces.end());
      const piece = row.pieces.add(token);
      const { text, tokens, hasStopped } = row.pieces;
      return hasStopped ? last(row, piece) : { piece, text, tokens };
    });
  }
  if (rows.some(({ hasEnded }) => !hasEnded))
    yield rows.map((row) => (row.hasEnded ? undefined : last(row, row.pieces.end())));
}

/** Some tokenizers end every text with its end token; a prompt is to be gone on from. */
async function promptTokens(prompt: string, tokenizer: Tokenizer, ends: readonly number[]): Promise<readonly number[]> {
  const [encoding] = await tokenizer.encode([prompt]);
  const { ids } = encoding!;
  return ids.length > 1 && ends.includes(ids.at(-1)!) ? ids.slice(0, -1) : ids;
}
