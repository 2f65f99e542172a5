/** A model that writes texts, ready for the Trainer. */
import {
  causalLanguageModeling,
  type GenerateOptions,
  type Learner,
  outputWidth,
  perplexityEvaluator,
} from '@attune/core';
import type { Storage, Tokenizer } from '@attune/hub';
import { openModelDirectory } from '@attune/hub/directory';
import { causalLanguageModelingTask } from '@attune/tasks';
import { loadModel } from './load.js';
import type { LoadedModel } from './loaded-model.js';
import { type TaskModel, type TaskModelOptions, type TaskOptions, taskModel } from './task-model.js';

export type CausalLanguageModelOptions = TaskOptions<TaskModelOptions>;

/** It is asked by `streamText`, not by `predict`. */
export type TextWriter = TaskModel<never, never>;

/**
 * Loads a model directory as a causal language model.
 * @param directory a path (in Node) or a Storage, with the tokenizer's files
 * @throws AttuneError as `loadModel`; `E_TOO_LONG` for a `maxLength` beyond the model's positions, `E_TOKENIZER`
 */
export async function causalLanguageModel(
  directory: Storage | string,
  options: CausalLanguageModelOptions = {},
): Promise<TextWriter> {
  const loaded = await loadModel(openModelDirectory(directory), { ...options, task: causalLanguageModelingTask });
  return textWriterOf(loaded, options);
}

/** A model that was loaded for causal language modelling. @throws AttuneError as `taskModel` */
export const textWriterOf = (loaded: LoadedModel, options: TaskModelOptions = {}): Promise<TextWriter> =>
  taskModel(loaded, causalLanguageModelingTask, options, () => ({
    objective: causalLanguageModeling({ classes: outputWidth(loaded.model, 'logits') }),
    evaluator: perplexityEvaluator,
    file: { task: causalLanguageModelingTask.name },
  }));

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
