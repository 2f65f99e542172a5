/** Texts that a causal language model writes. */
import type { GenerateOptions, Learner } from '@attune/core';
import type { Tokenizer } from '@attune/hub';
import type { LoadedModel } from './loaded-model.js';
import type { TextWriter } from './loaders.js';

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
}

/**
 * Writes on from a prompt, piece by piece as characters are complete.
 * @param learner has the model on a device
 * @throws AttuneError as `Learner.generate`, and as the tokenizer
 */
export async function* streamText(
  learner: Pick<Learner, 'generate'>,
  { model, tokenizer }: Pick<TextWriter, 'model' | 'tokenizer'>,
  prompt: string,
  options: Omit<GenerateOptions, 'outputLogits'> & { readonly signal?: AbortSignal } = {},
): AsyncGenerator<WrittenText, void, undefined> {
  const [encoding] = await tokenizer.encode([prompt]);
  const tokens: number[] = [];
  const endTokenIds = [...(options.endTokenIds ?? endTokensOf({ model }, tokenizer))];
  let text = '';
  for await (const step of learner.generate([withoutEnd(encoding!.ids, endTokenIds)], { ...options, endTokenIds })) {
    const [token] = step.tokens;
    if (token === undefined) break;
    tokens.push(token);
    const whole = tokenizer.decode(tokens);
    // A character of several tokens shows as U+FFFD until its last one is there.
    const complete = whole.replace(/\uFFFD+$/, '');
    const piece = complete.startsWith(text) ? complete.slice(text.length) : '';
    text += piece;
    yield { piece, text, tokens: [...tokens] };
  }
}

/** Some tokenizers end every text with its end token; a prompt is to be gone on from. */
const withoutEnd = (ids: readonly number[], endTokenIds: readonly number[]): readonly number[] =>
  ids.length > 1 && endTokenIds.includes(ids.at(-1)!) ? ids.slice(0, -1) : ids;
