/** A tagger that finds entities, ready for the Trainer. */
import { entityEvaluator, softmax, tokenClassification as tokenObjective, tokenPlaces } from '@attune/core';
import type { Encoding, Storage } from '@attune/hub';
import { openModelDirectory } from '@attune/hub/directory';
import { tokenClassificationTask } from '@attune/tasks';
import { type AggregationStrategy, groupTokens, type ScoredToken, type TextEntity } from './entities.js';
import { loadModel } from './load.js';
import type { LoadedModel } from './loaded-model.js';
import { type TaskModel, type TaskModelOptions, type TaskOptions, taskModel } from './task-model.js';

export interface TokenClassifierOptions extends TaskModelOptions {
  /** Share of the target that is spread evenly over the tags, 0 by default. */
  readonly labelSmoothing?: number | undefined;
  /** How answers put tokens together; `first` by default. */
  readonly aggregationStrategy?: AggregationStrategy | undefined;
}

export type TokenClassificationOptions = TaskOptions<TokenClassifierOptions>;

/** The entities of a text in their order. */
export type TokenClassifier = TaskModel<readonly TextEntity[]>;

/**
 * Loads a model directory as a tagger; a bare encoder gets a new head.
 * @param directory a path (in Node) or a Storage, with the tokenizer's files
 * @throws AttuneError as `loadModel`; `E_TOO_LONG` for a `maxLength` beyond the model's positions, `E_TOKENIZER`
 */
export async function tokenClassification(
  directory: Storage | string,
  options: TokenClassificationOptions = {},
): Promise<TokenClassifier> {
  const loaded = await loadModel(openModelDirectory(directory), { ...options, task: tokenClassificationTask });
  return tokenClassifierOf(loaded, options);
}

/** A model that was loaded for token classification, as a tagger. @throws AttuneError as `taskModel` */
export function tokenClassifierOf(
  loaded: LoadedModel,
  { labelSmoothing = 0, aggregationStrategy = 'first', ...options }: TokenClassifierOptions = {},
): Promise<TokenClassifier> {
  const { labels } = loaded;
  return taskModel(loaded, tokenClassificationTask, options, (tokenizer, maxLength) => {
    const stride = overlapOf(maxLength);
    return {
      objective: tokenObjective({ classes: labels.length, labelSmoothing }),
      evaluator: () => entityEvaluator(labels),
      text: {
        outputNames: ['logits'],
        async encode(texts) {
          const encodings = await tokenizer.encode(texts, { truncation: true, maxLength, stride });
          return encodings.map((encoding, index) => {
            const windows = [encoding, ...encoding.overflowing];
            return {
              rows: windows.map(({ ids, typeIds }) => ({ ids, typeIds })),
              answer(outputs) {
                const tokens = windows.flatMap((window, number) =>
                  tokensOf(window, outputs[number]!.logits!, labels.length, {
                    from: number === 0 ? 0 : Math.floor(stride / 2),
                    leftOut: number === windows.length - 1 ? 0 : Math.ceil(stride / 2),
                  }),
                );
                return groupTokens(tokens, labels, texts[index]!, aggregationStrategy);
              },
            };
          });
        },
      },
      file: { task: tokenClassificationTask.name, labels: [...labels] },
    };
  });
}

/** Windows over long texts share a quarter of their tokens, so that each token is read with some context. */
const overlapOf = (maxLength: number): number => Math.max(0, Math.floor((maxLength - 8) / 4));

/** The tokens of the text that a window answers for: not the outer halves of what it shares with its neighbours. */
function tokensOf(
  encoding: Encoding,
  logits: Float32Array,
  tags: number,
  { from, leftOut }: { readonly from: number; readonly leftOut: number },
): readonly ScoredToken[] {
  const { starts, ends } = tokenPlaces(encoding, 0);
  const { wordIds } = encoding;
  const tokens = wordIds.flatMap((word, index): ScoredToken[] => {
    if (word === null) return [];
    const scores = softmax(logits.subarray(index * tags, (index + 1) * tags));
    return [{ word, start: starts[index]!, end: ends[index]!, scores }];
  });
  return tokens.slice(from, tokens.length - leftOut);
}
