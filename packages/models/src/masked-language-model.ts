/** A model that fills masks, ready for the Trainer. */
import { maskedLanguageModeling as maskObjective, outputWidth, perplexityEvaluator, softmax } from '@attune/core';
import type { Storage, Tokenizer } from '@attune/hub';
import { openModelDirectory } from '@attune/hub/directory';
import { AttuneError } from '@attune/ir';
import { maskedLanguageModelingTask } from '@attune/tasks';
import { loadModel } from './load.js';
import type { LoadedModel } from './loaded-model.js';
import { type TaskModel, type TaskModelOptions, type TaskOptions, taskModel } from './task-model.js';

export interface MaskFillerOptions extends TaskModelOptions {
  /** Tokens that answers give for each mask; 5 by default. */
  readonly topK?: number | undefined;
}

export type MaskedLanguageModelOptions = TaskOptions<MaskFillerOptions>;

export interface FilledMask {
  /** Most probable first. */
  readonly tokens: readonly { readonly token: string; readonly score: number }[];
}

/** The masks of a text in their order. */
export type MaskFiller = TaskModel<readonly FilledMask[]>;

/**
 * Loads a model directory as a masked language model; a bare encoder gets a new head.
 * @param directory a path (in Node) or a Storage, with the tokenizer's files
 * @throws AttuneError as `loadModel`; `E_TOO_LONG` for a `maxLength` beyond the model's positions, `E_TOKENIZER` also
 * for a tokenizer without a mask token
 */
export async function maskedLanguageModel(
  directory: Storage | string,
  options: MaskedLanguageModelOptions = {},
): Promise<MaskFiller> {
  const loaded = await loadModel(openModelDirectory(directory), { ...options, task: maskedLanguageModelingTask });
  return maskFillerOf(loaded, options);
}

/** A model that was loaded for masked language modelling. @throws AttuneError as `taskModel` */
export function maskFillerOf(
  loaded: LoadedModel,
  { topK = 5, ...options }: MaskFillerOptions = {},
): Promise<MaskFiller> {
  const vocabulary = outputWidth(loaded.model, 'logits');
  return taskModel(loaded, maskedLanguageModelingTask, options, (tokenizer, maxLength) => {
    const maskTokenId = requireMask(tokenizer);
    return {
      objective: maskObjective({ classes: vocabulary }),
      evaluator: perplexityEvaluator,
      text: {
        outputNames: ['logits'],
        async encode(texts) {
          const encodings = await tokenizer.encode(texts, { truncation: true, maxLength });
          return encodings.map(({ ids, typeIds, truncated }, index) => {
            const masks = ids.flatMap((id, position) => (id === maskTokenId ? [position] : []));
            if (masks.length === 0) throw noMask(texts[index]!, tokenizer.token(maskTokenId) ?? '', maxLength);
            return {
              rows: [{ ids, typeIds, truncated }],
              answer: ([outputs]) =>
                masks.map((position) => {
                  const logits = outputs!.logits!.subarray(position * vocabulary, (position + 1) * vocabulary);
                  return { tokens: likeliest(softmax(logits), topK, tokenizer) };
                }),
            };
          });
        },
      },
      file: { task: maskedLanguageModelingTask.name },
    };
  });
}

function likeliest(scores: Float32Array, count: number, tokenizer: Tokenizer): FilledMask['tokens'] {
  const order = Array.from(scores.keys()).sort((one, other) => scores[other]! - scores[one]!);
  return order.slice(0, count).map((id) => ({ token: tokenizer.token(id) ?? `#${id}`, score: scores[id]! }));
}

function requireMask({ maskTokenId, name }: Tokenizer): number {
  if (maskTokenId !== undefined) return maskTokenId;
  throw new AttuneError('E_TOKENIZER', `${name} has no mask token; masked language modelling needs one.`, {
    file: name,
    field: 'mask_token',
    hint: 'Take a model that was pretrained with masks, such as BERT.',
  });
}

const noMask = (text: string, mask: string, maxLength: number): AttuneError =>
  new AttuneError('E_DATA', `There is no ${mask} in the first ${maxLength} tokens of "${text.slice(0, 60)}".`, {
    field: 'text',
    hint: `Write ${mask} where a word is to be found.`,
  });
