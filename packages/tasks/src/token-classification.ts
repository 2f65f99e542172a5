/** A class for each token: tagged sentences in, entities out. Labelled as transformers' run_ner does. */
import {
  type ExampleSource,
  entityEvaluator,
  IGNORED_LABEL,
  tokenClassificationObjective as tokenObjective,
} from '@attune/core';
import { softmaxOf, tokenPlaces } from '@attune/core/internal';
import {
  type EncodedDataset,
  type EncodingOptions,
  encodeExamples,
  isTagged,
  LabelMap,
  type TaggedDataset,
  type TaggedExample,
  taggedFile,
} from '@attune/data';
import { labelSentences, tokenLabels } from '@attune/data/internal';
import type { Encoding, Tokenizer } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import * as z from 'zod/mini';
import { textsAsked } from './asked.js';
import { encoderScope } from './encoder.js';
import {
  type AggregationStrategy,
  aggregationStrategies,
  groupTokens,
  type ScoredToken,
  type TextEntity,
} from './entities.js';
import { learnedExamples } from './learned-examples.js';
import { flagOption, isTrue, optionalText, type SettingsOf, sharedOptions, textOption } from './options.js';
import { classifierModules, classifierPrefix, classify, hiddenStates, tokenLabelLayer } from './outputs.js';
import { openPlainTexts, type TaskSettings } from './settings.js';
import { percentage } from './shown-answer.js';
import type { TrainedTask } from './task.js';

export interface TokenClassifierOptions {
  /** Share of the target that is spread evenly over the tags, 0 by default. */
  readonly labelSmoothing?: number | undefined;
  /** Labels all pieces of a word with its tag; by default the first only, and the others count for nothing. */
  readonly labelAllTokens?: boolean | undefined;
  /** How answers put tokens together; `first` by default. */
  readonly aggregationStrategy?: AggregationStrategy | undefined;
}

const options = {
  tokensColumn: textOption(optionalText, 'field or CoNLL column of the tokens; tokens or the first by default'),
  tagsColumn: textOption(optionalText, 'field or CoNLL column of the tags; tags or the last by default'),
  labels: sharedOptions.labels,
  labelSmoothing: sharedOptions.labelSmoothing,
  labelAllTokens: flagOption(isTrue, 'labels all pieces of a word in place of the first', { uses: ['train'] }),
  aggregationStrategy: textOption(
    z.optional(z.enum(aggregationStrategies)),
    'how tokens become entities: first (of each word) or simple; first by default',
    { uses: ['predict'] },
  ),
  text: sharedOptions.text,
} as const;

type Settings = TaskSettings & SettingsOf<typeof options>;

/** `logits` [batch, tokens, labels]; answers with the entities of a text in their order. */
export const tokenClassificationTask: TrainedTask<
  readonly TextEntity[],
  string,
  TokenClassifierOptions,
  'token-classification'
> = {
  name: 'token-classification',
  defaultLength: 128,
  classSuffix: 'ForTokenClassification',
  peftTaskType: 'TOKEN_CLS',
  labelModules: classifierModules,
  hasProblemType: false,
  headOn: (encoder) => ({
    prefixes: [classifierPrefix(tokenLabelLayer(encoder))],
    modules: classifierModules,
    classifier: classifierPrefix(tokenLabelLayer(encoder)),
    forward(scope, inputs, options) {
      const states = encoder.states(encoderScope(scope, encoder), inputs);
      return {
        logits: classify(scope, tokenLabelLayer(encoder), states.last, options.labels),
        ...hiddenStates(states, options),
      };
    },
  }),
  use({ labels, tokenizer, maxLength }, { labelSmoothing = 0, labelAllTokens = false, aggregationStrategy = 'first' }) {
    const stride = overlapOf(maxLength);
    const map = new LabelMap(labels);
    return {
      objective: tokenObjective({ classes: labels.length, labelSmoothing }),
      evaluator: () => entityEvaluator(labels),
      file: { labels: [...labels] },
      async check(examples) {
        await labelSentences(sentencesOf(examples), map);
      },
      encode: async (examples, watch) =>
        encodeTokenClassification(sentencesOf(examples), tokenizer, map, { ...watch, maxLength, labelAllTokens }),
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
    };
  },
  aliases: ['ner', 'pos', 'tagging', 'entities', 'named-entity-recognition', 'token_cls'],
  options,
  files: {
    open: openSentences,
    labelsOf: async (sentences: TaggedDataset) => ({ labels: await sentences.labels() }),
    keyOf: ({ tokens }: TaggedExample) => tokens.join(' '),
  },
  asking: {
    command: 'predict',
    example: '--text "…"',
    predict: {
      inputs: (settings: Settings) =>
        textsAsked(
          settings,
          (file) => openPlainTexts(file, settings),
          ({ text }) => text,
        ),
      show(text, entities) {
        const lines = entities.map(
          ({ label, text: found, start, end, score }) =>
            `  ${label} "${found}" [${start}, ${end}) ${percentage(score)}`,
        );
        return { json: { text, entities }, text: [text, ...(lines.length > 0 ? lines : ['  no entity'])].join('\n') };
      },
    },
  },
};

const sentencesOf = (examples: ExampleSource): TaggedDataset =>
  learnedExamples(examples, isTagged, {
    task: tokenClassificationTask.name,
    needed: 'tagged sentences, such as those of conll() and taggedJsonl()',
  });

export interface TaggedEncodeOptions extends EncodingOptions {
  /** Labels all pieces of a word with its tag; by default the first only, and the others count for nothing. */
  readonly labelAllTokens?: boolean;
}

/**
 * Sentences with one label per piece; special tokens have the ignored label. Words are joined by spaces.
 * @throws AttuneError `E_DATA_LABELS` that lists the sentences with unknown tags, unless bad rows are skipped, and what the tokenizer throws
 */
export async function encodeTokenClassification(
  sentences: TaggedDataset,
  tokenizer: Tokenizer,
  labels: LabelMap,
  { labelAllTokens = false, ...options }: TaggedEncodeOptions,
): Promise<EncodedDataset> {
  const { maxLength, signal } = options;
  return encodeExamples(
    {
      name: sentences.name,
      padTokenId: tokenizer.padTokenId,
      labelFields: [tokenLabels],
      ...(await labelSentences(sentences, labels)),
      what: 'sentences',
      async encode(chunk) {
        const texts = chunk.map(({ example }) => example.tokens.join(' '));
        const encodings = await tokenizer.encode(texts, { truncation: true, maxLength, ...(signal ? { signal } : {}) });
        return encodings.map(({ ids, typeIds, truncated, offsets, sequenceIds }, index) => {
          const { example, labels: tagIds } = chunk[index]!;
          const words = wordsAt(example.tokens);
          let previous = -1;
          const pieceLabels = ids.map((_, piece) => {
            if (sequenceIds[piece] === null) return IGNORED_LABEL;
            const word = words[offsets[piece]![0]]!;
            const isFirst = word !== previous;
            previous = word;
            return isFirst || labelAllTokens ? tagIds[word]! : IGNORED_LABEL;
          });
          return { ids, typeIds, truncated, labels: { labels: pieceLabels }, row: example.row };
        });
      },
    },
    options,
  );
}

/** The word at each character of the joined sentence; a space belongs to the word behind it. */
function wordsAt(tokens: readonly string[]): readonly number[] {
  return tokens.flatMap((token, word) => new Array<number>(token.length + (word > 0 ? 1 : 0)).fill(word));
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
    const scores = softmaxOf(logits.subarray(index * tags, (index + 1) * tags));
    return [{ word, start: starts[index]!, end: ends[index]!, scores }];
  });
  return tokens.slice(from, tokens.length - leftOut);
}

function openSentences(file: string, { tokensColumn, tagsColumn, labels, onBadRow }: Settings): TaggedDataset {
  const options = { onBadRow, ...(labels === undefined ? {} : { labels }) };
  if (/\.(jsonl|ndjson)$/i.test(file)) {
    return taggedFile(file, {
      ...options,
      ...(tokensColumn === undefined ? {} : { tokens: tokensColumn }),
      ...(tagsColumn === undefined ? {} : { tags: tagsColumn }),
    });
  }
  return taggedFile(file, {
    ...options,
    ...(tokensColumn === undefined ? {} : { tokenColumn: columnNumber('tokensColumn', tokensColumn, file) }),
    ...(tagsColumn === undefined ? {} : { tagColumn: columnNumber('tagsColumn', tagsColumn, file) }),
  });
}

/** @throws AttuneError `E_CONFIG` for what is no number of a column */
function columnNumber(field: string, value: string, file: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new AttuneError('E_CONFIG', `${field} is "${value}"; the columns of ${file}, a CoNLL file, have numbers.`, {
    file,
    field,
    hint: 'Give the number of the column, from 1; files of JSON Lines end in .jsonl.',
  });
}
