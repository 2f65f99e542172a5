/** Texts that a causal language model writes. */
import type { Learner, TextGrammar } from '@attune/core';
import { checkedOptions } from '@attune/core/internal';
import type { Tokenizer } from '@attune/hub';
import { AttuneError } from '@attune/ir';
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
  readonly options?: WritingOptions & {
    /** A text among several ends when its signal is aborted. */
    readonly signal?: AbortSignal | undefined;
    /** What the text has to follow, such as `jsonSchemaGrammar` of @attune/hub/node; anything by default. */
    readonly grammar?: TextGrammar | undefined;
  };
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
  const { signal } = options;
  signal?.throwIfAborted();
  const request = { prompt, options: { ...options, numReturnSequences: 1 } };
  for await (const [written] of streamTexts(learner, writer, [request])) {
    signal?.throwIfAborted();
    if (written) yield written;
  }
}

/**
 * Writes on from several prompts at once, each with its options, as if it were alone.
 * @returns for each step what is new of each text, those of a prompt one after the other; undefined for those that have ended
 * @throws AttuneError as `streamText`; `E_MODEL_UNSUPPORTED` for a model that reads backwards
 */
export async function* streamTexts(
  learner: Writes,
  { model, tokenizer }: Pick<TextWriter, 'model' | 'tokenizer'>,
  requests: readonly WritingRequest[],
): AsyncGenerator<readonly (WrittenText | undefined)[], void, undefined> {
  const ends = [...endTokensOf({ model }, tokenizer)];
  if (tokenizer.isBackwards) {
    throw new AttuneError(
      'E_MODEL_UNSUPPORTED',
      `${tokenizer.name}: backwards is true; such a model writes no texts.`,
      {
        file: tokenizer.name,
        field: 'backwards',
        hint: 'Let a model write that reads forwards; this one serves as the start of a classifier.',
      },
    );
  }
  const asked = await Promise.all(requests.map((request) => askedOf(request, tokenizer, ends)));
  const rows = asked.flatMap((each) =>
    Array.from({ length: each.count }, () => ({
      ...each,
      pieces: new TextPieces((tokens) => tokenizer.decode(tokens), each.stops),
      hasEnded: false,
    })),
  );
  const last = (row: (typeof rows)[number], piece: string): WrittenText => {
    row.hasEnded = true;
    row.end();
    const { text, tokens, hasStopped } = row.pieces;
    return { piece, text, tokens, finishReason: hasStopped || tokens.length < row.limit ? 'stop' : 'length' };
  };
  const prompts = asked.map(({ ids }) => ids);
  const options = asked.map((each) => each.options);
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

/** A request in tokens; `end` says that one of its texts has ended. */
async function askedOf({ prompt, options = {} }: WritingRequest, tokenizer: Tokenizer, ends: readonly number[]) {
  const { signal, grammar, ...given } = options;
  const { stops, options: ofTokens } = await tokenOptionsOf(given, tokenizer);
  const eosTokenId = [ofTokens.eosTokenId ?? ends].flat();
  const { maxNewTokens: limit, numReturnSequences: count } = checkedOptions(ofTokens);
  const ended = new AbortController();
  let left = count;
  return {
    ids: typeof prompt === 'string' ? await promptTokens(prompt, tokenizer, eosTokenId) : prompt,
    options: {
      ...ofTokens,
      eosTokenId,
      grammar,
      signal: signal ? AbortSignal.any([signal, ended.signal]) : ended.signal,
    },
    stops,
    limit,
    count,
    end() {
      left -= 1;
      if (left === 0) ended.abort();
    },
  };
}

/** The tokens of a text that is gone on from: without the end token that some tokenizers put behind every text. */
export async function promptTokens(
  prompt: string,
  tokenizer: Tokenizer,
  ends: readonly number[],
): Promise<readonly number[]> {
  const [encoding] = await tokenizer.encode([prompt]);
  const { ids } = encoding!;
  return ids.length > 1 && ends.includes(ids.at(-1)!) ? ids.slice(0, -1) : ids;
}
