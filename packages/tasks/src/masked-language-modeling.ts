/** Words that are hidden in texts: scores of all tokens for each masked one. */
import {
  type ExampleSource,
  IGNORED_LABEL,
  maskedLanguageModeling as maskObjective,
  perplexityEvaluator,
  tokensAt,
} from '@attune/core';
import { outputWidth, softmaxOf } from '@attune/core/internal';
import {
  type EncodedDataset,
  type EncodingOptions,
  encodeExamples,
  isTexts,
  type LabelField,
  type LabelFields,
  type MaskingOptions,
  maskTokens,
  type PackedRow,
  packEncodings,
  type TextDataset,
  type TextExample,
} from '@attune/data';
import { tokenLabels } from '@attune/data/internal';
import type { Encoding, Tokenizer } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import * as z from 'zod/mini';
import { textsAsked } from './asked.js';
import { encoderScope } from './encoder.js';
import { learnedExamples } from './learned-examples.js';
import { numberOption, positiveInteger, type SettingsOf, sharedOptions } from './options.js';
import { hiddenStates } from './outputs.js';
import { PREDICTION_POSITIONS } from './prediction-positions.js';
import { openPlainTexts, type TaskSettings } from './settings.js';
import { percentage } from './shown-answer.js';
import type { TrainedTask } from './task.js';

export interface MaskFillerOptions {
  /** Share of the tokens that are masked in training; 0.15 by default. */
  readonly mlmProbability?: number | undefined;
  /** Whether all tokens of a word are masked together; false by default, as in transformers' run_mlm. */
  readonly wholeWords?: boolean | undefined;
  /** Tokens that answers give for each mask; 5 by default. */
  readonly topK?: number | undefined;
}

export interface FilledMask {
  /** Most probable first. */
  readonly tokens: readonly { readonly token: string; readonly score: number }[];
}

const options = {
  mlmProbability: numberOption(
    z.optional(z.number().check(z.gt(0), z.lt(1))),
    'share of the tokens that are masked; 0.15 by default',
    { uses: ['train'] },
  ),
  topK: numberOption(z.optional(positiveInteger), 'tokens for each mask; 5 by default', { uses: ['predict'] }),
  text: sharedOptions.text,
} as const;

type Settings = TaskSettings & SettingsOf<typeof options>;

/** `logits` [batch, tokens or predictions, vocabulary]; answers with the masks of a text in their order. */
export const maskedLanguageModelingTask: TrainedTask<
  readonly FilledMask[],
  string,
  MaskFillerOptions,
  'masked-language-modeling'
> = {
  name: 'masked-language-modeling',
  defaultLength: 128,
  classSuffix: 'ForMaskedLM',
  peftTaskType: null,
  labelModules: [],
  hasProblemType: false,
  headOn({ vocabulary, ...encoder }) {
    if (!vocabulary || encoder.sees !== 'all') return undefined;
    return {
      ...vocabulary,
      optionalInputs: [PREDICTION_POSITIONS],
      keeps: ['vocabulary'],
      forward(scope, inputs, options) {
        const states = encoder.states(encoderScope(scope, encoder), inputs);
        const positions = inputs[PREDICTION_POSITIONS];
        const scored = positions ? tokensAt(states.last, positions) : states.last;
        return { logits: vocabulary.scores(scope, scored), ...hiddenStates(states, options) };
      },
    };
  },
  use({ model, tokenizer, maxLength }, { mlmProbability = 0.15, wholeWords = false, topK = 5 }) {
    const vocabulary = outputWidth(model, 'logits');
    const maskTokenId = requireMask(tokenizer);
    return {
      objective: maskObjective({ classes: vocabulary }),
      evaluator: perplexityEvaluator,
      async check(examples) {
        await textsOf(examples).skipped();
      },
      encode: async (examples, watch) =>
        encodeMaskedLanguageModeling(textsOf(examples), tokenizer, {
          ...watch,
          maxLength,
          probability: mlmProbability,
          wholeWords,
        }),
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
                  return { tokens: likeliest(softmaxOf(logits), topK, tokenizer) };
                }),
            };
          });
        },
      },
    };
  },
  aliases: ['mlm', 'fill-mask', 'masked-lm'],
  options,
  files: { open: openPlainTexts, keyOf: ({ text }: TextExample) => text },
  asking: {
    command: 'predict',
    example: '--text "… [MASK] …"',
    predict: {
      inputs: (settings: Settings) =>
        textsAsked(
          settings,
          (file) => openPlainTexts(file, settings),
          ({ text }) => text,
        ),
      show: (text, masks) => ({
        json: { text, masks },
        text: [
          text,
          ...masks.map(
            ({ tokens }) => `  ${tokens.map(({ token, score }) => `${token} ${percentage(score)}`).join(', ')}`,
          ),
        ].join('\n'),
      }),
    },
  },
};

const textsOf = (examples: ExampleSource): TextDataset =>
  learnedExamples(examples, isTexts, {
    task: maskedLanguageModelingTask.name,
    needed: 'texts, such as those of textLines(), csv() and rows()',
  });

/** The part of a tokenizer that masking needs; @attune/hub's Tokenizer has it. */
export type MaskingTokenizer = Pick<Tokenizer, 'encode' | 'maskTokenId' | 'name' | 'padTokenId' | 'vocabularySize'>;

export interface MaskedEncodeOptions extends EncodingOptions, Omit<MaskingOptions, 'maskTokenId' | 'vocabularySize'> {
  /** Whether texts share rows, so that all rows but the last of every thousand texts are full; false by default. */
  readonly packed?: boolean;
  /**
   * Targets per row for a model that was made with `predictAtPositions`: batches have `predictionPositions` and `labels`,
   * i32 [batch, predictions]. Chosen tokens beyond that number are hidden but not asked for. Absent: all tokens have a label.
   */
  readonly predictions?: number;
}

/**
 * Texts in rows of at most `maxLength` tokens, whose words are hidden at random; a longer text goes on in the next row.
 * `labels` i32 [batch, tokens] hold the original ids of what was chosen. Masks are drawn when a batch is made, as a
 * function of seed, epoch, example and position; evaluation, which has no epoch, sees the same ones every time.
 * @throws AttuneError `E_TOKENIZER` for a tokenizer without a mask token, `E_CONFIG`, and what the tokenizer throws
 */
export async function encodeMaskedLanguageModeling(
  texts: TextDataset,
  tokenizer: MaskingTokenizer,
  { probability, wholeWords, maskShare, randomShare, packed = false, predictions, ...options }: MaskedEncodeOptions,
): Promise<EncodedDataset> {
  const { vocabularySize } = tokenizer;
  const maskTokenId = requireMask(tokenizer);
  const masking: MaskingOptions = {
    maskTokenId,
    vocabularySize,
    ...(probability === undefined ? {} : { probability }),
    ...(wholeWords === undefined ? {} : { wholeWords }),
    ...(maskShare === undefined ? {} : { maskShare }),
    ...(randomShare === undefined ? {} : { randomShare }),
  };
  maskTokens([], [], masking, { seed: 0, epoch: 0, index: 0 });
  checkPredictions(predictions);
  const { maxLength, signal } = options;
  const words: (readonly (number | null)[])[] = [];
  return encodeExamples(
    {
      name: texts.name,
      padTokenId: tokenizer.padTokenId,
      skippedRows: (await texts.skipped()).length,
      labelFields: predictions === undefined ? [tokenLabels] : targetFields(predictions),
      items: await texts.toArray(),
      settings: JSON.stringify({ ...masking, ...(predictions === undefined ? {} : { predictions }) }),
      async encode(chunk) {
        const encodings = await tokenizer.encode(
          chunk.map(({ text }) => text),
          { ...(packed ? {} : { truncation: true, maxLength }), ...(signal ? { signal } : {}) },
        );
        const rows = packed ? packEncodings(encodings, maxLength) : windowsOf(encodings);
        return rows.map(({ ids, typeIds, wordIds, first }) => {
          words.push(wordIds);
          return { ids, typeIds, truncated: false, labels: {}, row: chunk[first]!.row };
        });
      },
      transform: (examples, indices, { seed, epoch }) =>
        examples.map((example, row) => {
          const index = indices[row]!;
          const { ids, labels } = maskTokens(example.ids, words[index]!, masking, { seed, epoch, index });
          return { ...example, ids, labels: predictions === undefined ? { labels } : targetsOf(labels, predictions) };
        }),
    },
    options,
  );
}

/** Each text by itself, a longer one in several rows. */
const windowsOf = (encodings: readonly Encoding[]): readonly PackedRow[] =>
  encodings.flatMap((encoding, first) =>
    [encoding, ...encoding.overflowing].map(({ ids, typeIds, wordIds }) => ({ ids, typeIds, wordIds, first })),
  );

const targetFields = (predictions: number): readonly LabelField[] => [
  { name: 'labels', dtype: 'i32', per: predictions, filler: IGNORED_LABEL },
  { name: PREDICTION_POSITIONS, dtype: 'i32', per: predictions, filler: 0 },
];

/** The labels that count, with their places. */
function targetsOf(labels: readonly number[], predictions: number): LabelFields {
  const positions = labels.flatMap((label, position) => (label === IGNORED_LABEL ? [] : [position]));
  const kept = positions.slice(0, predictions);
  return { labels: kept.map((position) => labels[position]!), [PREDICTION_POSITIONS]: kept };
}

function checkPredictions(predictions: number | undefined): void {
  if (predictions === undefined || (Number.isInteger(predictions) && predictions > 0)) return;
  throw new AttuneError('E_CONFIG', `predictions is ${predictions}; a whole number from 1 is needed.`, {
    field: 'predictions',
  });
}

function likeliest(scores: Float32Array, count: number, tokenizer: Tokenizer): FilledMask['tokens'] {
  const order = Array.from(scores.keys()).sort((one, other) => scores[other]! - scores[one]!);
  return order.slice(0, count).map((id) => ({ token: tokenizer.token(id) ?? `#${id}`, score: scores[id]! }));
}

function requireMask({ maskTokenId, name }: Pick<Tokenizer, 'maskTokenId' | 'name'>): number {
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
