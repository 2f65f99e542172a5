/** The next token: texts become rows of tokens that are their own labels, and a model of it writes texts. */
import { causalLanguageModeling, type ExampleSource, perplexityEvaluator } from '@attune/core';
import { outputWidth } from '@attune/core/internal';
import {
  type EncodedDataset,
  type EncodingOptions,
  encodeExamples,
  isTexts,
  type TextDataset,
  type TextExample,
} from '@attune/data';
import { tokenLabels, tokenStream } from '@attune/data/internal';
import type { Tokenizer } from '@attune/hub';
import { encoderScope } from './encoder.js';
import { learnedExamples } from './learned-examples.js';
import { sharedOptions } from './options.js';
import { hiddenStates } from './outputs.js';
import { openPlainTexts } from './settings.js';
import type { TrainedTask } from './task.js';

/**
 * `logits` [batch, tokens, vocabulary]; asked by generation, not by `predict`. A model with dropout before its scores also has
 * the states before and behind it, `lastHiddenState` and `droppedHiddenState`, for activation regularization.
 */
export const causalLanguageModelingTask: TrainedTask<never, never, object, 'causal-language-modeling'> = {
  name: 'causal-language-modeling',
  defaultLength: 256,
  classSuffix: 'ForCausalLM',
  otherClassSuffixes: ['LMHeadModel'],
  peftTaskType: 'CAUSAL_LM',
  labelModules: [],
  hasProblemType: false,
  headOn({ vocabulary, ...encoder }) {
    if (!vocabulary || encoder.sees !== 'earlier') return undefined;
    return {
      ...vocabulary,
      keeps: ['vocabulary'],
      carriesState: true,
      forward(scope, inputs, options) {
        const states = encoder.states(encoderScope(scope, encoder), inputs);
        const dropped = vocabulary.dropout?.(scope, states.last);
        const logits = vocabulary.scores(scope, dropped ?? states.last);
        const penalized = dropped && { lastHiddenState: states.last, droppedHiddenState: dropped };
        return { logits, ...penalized, ...hiddenStates(states, options), ...states.carried };
      },
    };
  },
  use({ model, tokenizer, maxLength }) {
    return {
      objective: causalLanguageModeling({ classes: outputWidth(model, 'logits') }),
      evaluator: perplexityEvaluator,
      async check(examples) {
        await textsOf(examples).skipped();
      },
      encode: async (examples, watch) =>
        encodeCausalLanguageModeling(textsOf(examples), tokenizer, {
          ...watch,
          maxLength,
          isStream: model.state !== undefined,
        }),
    };
  },
  aliases: ['clm', 'causal-lm', 'text-generation', 'language-modeling', 'causal_lm'],
  options: { text: sharedOptions.text },
  files: { open: openPlainTexts, keyOf: ({ text }: TextExample) => text },
  asking: { command: 'generate', example: '--prompt "…"' },
};

const textsOf = (examples: ExampleSource): TextDataset =>
  learnedExamples(examples, isTexts, {
    task: causalLanguageModelingTask.name,
    needed: 'texts, such as those of textLines(), csv() and rows()',
  });

interface CausalEncodeOptions extends EncodingOptions {
  /** The token that ends a text, and is learned as such; the tokenizer's own by default, none if it has none. */
  readonly endTokenId?: number | undefined;
  /** Whether texts go on from row to row and batch to batch, for a model that carries a state; false by default. */
  readonly isStream?: boolean;
}

/**
 * Texts in rows of at most `maxLength` tokens; a longer text goes on in the next row. Each ends with the end token. `labels`
 * i32 [batch, tokens] are the tokens; those that fill up a row are ignored. A stream has rows as `tokenStream` makes them.
 */
export async function encodeCausalLanguageModeling(
  texts: TextDataset,
  tokenizer: Pick<Tokenizer, 'encode' | 'endTokenId' | 'padTokenId'>,
  { endTokenId = tokenizer.endTokenId, isStream = false, ...options }: CausalEncodeOptions,
): Promise<EncodedDataset> {
  const { maxLength, signal } = options;
  return encodeExamples(
    {
      name: texts.name,
      padTokenId: tokenizer.padTokenId,
      skippedRows: (await texts.skipped()).length,
      labelFields: [tokenLabels],
      items: await texts.toArray(),
      settings: JSON.stringify({ endTokenId }),
      ...(isStream ? { datasetOf: tokenStream } : {}),
      async encode(chunk) {
        const encodings = await tokenizer.encode(
          chunk.map(({ text }) => text),
          signal ? { signal } : {},
        );
        return encodings.flatMap(({ ids }, index) => {
          const ended = endTokenId === undefined || ids.at(-1) === endTokenId ? ids : [...ids, endTokenId];
          return (isStream ? [ended] : pieces(ended, maxLength)).map((piece) => ({
            ids: piece,
            typeIds: piece.map(() => 0),
            truncated: false,
            labels: { labels: piece },
            row: chunk[index]!.row,
          }));
        });
      },
    },
    options,
  );
}

/** A row of one token has nothing to learn: the first token of a row is no target. */
function pieces(ids: readonly number[], length: number): readonly (readonly number[])[] {
  const count = Math.ceil(ids.length / length);
  return Array.from({ length: count }, (_, index) => ids.slice(index * length, (index + 1) * length)).filter(
    (piece) => piece.length > 1,
  );
}
