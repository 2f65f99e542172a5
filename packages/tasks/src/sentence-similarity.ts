/**
 * Vectors of texts that lie close to one another if the texts mean the same. Learned from pairs that belong together, from
 * pairs with a score, or from texts alone; objectives, columns and files are those of sentence-transformers.
 */
import {
  coSent,
  cosineSimilarity,
  type Evaluator,
  type ExampleSource,
  fieldOf,
  multipleNegativesRanking,
  namedValue,
  type Objective,
  regressionReport,
  simCse,
} from '@attune/core';
import {
  columnsOfFile,
  type EncodedDataset,
  type EncodingOptions,
  encodeExamples,
  isTexts,
  type RowDataset,
  requireColumns,
  type TextColumns,
  TextDataset,
  type TextExample,
  textFile,
} from '@attune/data';
import type { Tokenizer } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import * as z from 'zod/mini';
import { featureExtractionTask } from './feature-extraction.js';
import { learnedExamples } from './learned-examples.js';
import { numberOption, optionalText, type SettingsOf, textOption } from './options.js';
import { pooledBy, poolingOf, writeSentenceFiles } from './sentence-transformers.js';
import { openPlainTexts, type TaskSettings, tableOptions } from './settings.js';
import type { TrainedTask } from './task.js';

const objectives = ['multiple-negatives-ranking', 'cosent', 'cosine-similarity', 'simcse'] as const;

type SimilarityObjective = (typeof objectives)[number];

export interface SentenceSimilarityOptions {
  /**
   * `multiple-negatives-ranking`, the default: a text finds its partner among all other texts of the batch. `cosent` and
   * `cosine-similarity`: the cosine of a pair follows its score. `simcse`: a text finds itself under other dropout.
   */
  readonly objective?: SimilarityObjective | undefined;
  /** Cosines are times this before they are compared; 20 by default. `cosine-similarity` has none. */
  readonly scale?: number | undefined;
}

const options = {
  objective: textOption(
    z._default(z.enum(objectives), 'multiple-negatives-ranking'),
    'what vectors learn: from pairs that belong together, from the scores of pairs (cosent, cosine-similarity), or from texts alone (simcse)',
    { uses: ['train', 'evaluate'], group: 'Optimization:', runField: 'objective' },
  ),
  scale: numberOption(
    z.optional(z.number().check(z.positive())),
    'cosines of texts are times this before they are compared; 20 by default',
    { uses: ['train', 'evaluate'], group: 'Optimization:', runField: 'objective' },
  ),
  anchorColumn: textOption(optionalText, 'column of the first text of a pair; anchor or sentence1 by default', {
    group: 'Data:',
  }),
  positiveColumn: textOption(
    optionalText,
    'column of the text that belongs to the first; positive or sentence2 by default',
    { group: 'Data:' },
  ),
  negativeColumn: textOption(
    optionalText,
    'column of a text that does not belong to the first; negative by default, if there is one',
    { group: 'Data:' },
  ),
  scoreColumn: textOption(optionalText, 'column of how alike a pair is; score by default, if there is one', {
    group: 'Data:',
  }),
} as const;

type Settings = TaskSettings & SettingsOf<typeof options>;

/** It is asked by `embed`; in code it answers a text with its vector, at unit length. */
export const sentenceSimilarityTask: TrainedTask<
  Float32Array,
  string,
  SentenceSimilarityOptions,
  'sentence-similarity'
> = {
  ...featureExtractionTask,
  name: 'sentence-similarity',
  aliases: ['sentence-embedding', 'sentence-embeddings', 'sentence-transformers', 'sts'],
  headOn(encoder) {
    const head = featureExtractionTask.headOn(encoder);
    return (
      head && {
        ...head,
        forward(scope, inputs, headOptions) {
          const outputs = head.forward(scope, inputs, headOptions);
          const firstToken = pooledBy('cls', outputs);
          return firstToken ? { ...outputs, firstToken } : outputs;
        },
      }
    );
  },
  async use({ model, tokenizer, maxLength, source }, { objective = 'multiple-negatives-ranking', scale = 20 }) {
    const pooling = await poolingOf(source);
    const output = pooling === 'mean' ? 'meanPooled' : 'firstToken';
    return {
      objective: objectiveOf(objective, { scale, output }),
      evaluator: () => similarityEvaluator(output),
      text: {
        outputNames: [output],
        async encode(texts) {
          const encodings = await tokenizer.encode(texts, { truncation: true, maxLength });
          return encodings.map(({ ids, typeIds, truncated }) => ({
            rows: [{ ids, typeIds, truncated }],
            answer: ([outputs]) => atUnitLength(outputs?.[output] ?? new Float32Array()),
          }));
        },
      },
      describe: (target) => writeSentenceFiles(target, { pooling, width: model.width ?? 0, maxLength }),
      async check(examples) {
        await groupsOf(textsOf(examples), objective);
      },
      encode: async (examples, watch) => encodeGroups(textsOf(examples), tokenizer, objective, { ...watch, maxLength }),
    };
  },
  options,
  files: {
    open: openPairs,
    keyOf: (example: TextExample) => groupOf(example).join('\u0000'),
  },
  asking: { command: 'embed', example: '--text "…"' },
};

const textsOf = (examples: ExampleSource): TextDataset =>
  learnedExamples(examples, isTexts, {
    task: sentenceSimilarityTask.name,
    needed: 'texts in pairs or alone, such as those of csv(file, { text, textPair, negatives, numbers }) and rows()',
  });

function objectiveOf(name: SimilarityObjective, { scale, output }: { scale: number; output: string }): Objective {
  switch (name) {
    case 'cosent':
      return coSent({ scale, output });
    case 'cosine-similarity':
      return cosineSimilarity({ output });
    case 'simcse':
      return simCse({ temperature: 1 / scale, output });
    case 'multiple-negatives-ranking':
      return ranking(scale, output);
  }
}

/** The ranking of as many texts as each example has: of anchors, positives and maybe negatives. */
function ranking(scale: number, output: string): Objective {
  const ofColumns = (columns: number) => multipleNegativesRanking({ scale, output, columns });
  return {
    ...ofColumns(2),
    labelNames: ['labels'],
    counts: (batch) => ({ anchors: fieldOf(batch, 'labels').data.length }),
    loss(context) {
      const [texts = 0] = namedValue(context.forward(), output).type.shape;
      const [examples = 1] = namedValue(context.batch, 'labels').type.shape;
      return ofColumns(texts / examples).loss(context);
    },
  };
}

/** The texts of an example: the first, its partner, and those that do not belong to it. */
const groupOf = ({ text, textPair, negatives = [] }: TextExample): readonly string[] => [
  text,
  ...(textPair === undefined ? [] : [textPair]),
  ...negatives,
];

interface Group {
  readonly texts: readonly string[];
  /** NaN if there is none. */
  readonly score: number;
  readonly row: number;
}

interface Groups {
  readonly items: readonly Group[];
  readonly skippedRows: number;
  readonly warnings: readonly string[];
}

/** @throws AttuneError `E_DATA_ROWS` for rows without a text or a number that others have, `E_DATA` for another objective's data */
async function groupsOf(texts: TextDataset, objective: SimilarityObjective): Promise<Groups> {
  const { name } = texts;
  const { problems } = await texts.furtherProblems();
  const examples = await texts.toArray();
  const size = Math.max(...examples.map((example) => groupOf(example).length));
  const isScored = examples.some((example) => scoreOf(example) !== undefined);
  const items = examples.flatMap((example): Group[] => {
    const group = groupOf(example);
    const score = scoreOf(example) ?? Number.NaN;
    const isWhole = group.length === size && group.every((text) => text.trim() !== '');
    if (!isWhole) problems.add({ line: example.row, problem: `has not ${size} texts` });
    else if (isScored && !Number.isFinite(score))
      problems.add({ line: example.row, problem: 'has no number for a score' });
    else return [{ texts: group, score, row: example.row }];
    return [];
  });
  problems.throwIfAny();
  requireFitting({ name, size, scores: isScored ? items.map(({ score }) => score) : undefined }, objective);
  const isUnread = isScored && objective === 'multiple-negatives-ranking';
  return {
    items,
    skippedRows: (await texts.skipped()).length + problems.count,
    warnings: isUnread
      ? [`${name} has scores, which ${objective} does not read: to it, every pair belongs together.`]
      : [],
  };
}

function scoreOf({ numbers, label }: TextExample): number | undefined {
  const [score = label] = numbers ?? [];
  if (score === undefined) return undefined;
  return typeof score === 'string' && score.trim() === '' ? Number.NaN : Number(score);
}

interface FoundTexts {
  readonly name: string;
  /** Texts of each example. */
  readonly size: number;
  readonly scores: readonly number[] | undefined;
}

/** @throws AttuneError `E_DATA` for data that the objective does not learn from */
function requireFitting({ name, size, scores }: FoundTexts, objective: SimilarityObjective): void {
  const wrong = (problem: string, hint: string) =>
    new AttuneError('E_DATA', `${name} ${problem}`, { file: name, field: 'objective', hint });
  if (objective === 'simcse') return;
  if (size < 2) {
    throw wrong(
      `has no pairs, which ${objective} needs: each row is one text.`,
      'Name the columns of a pair (--anchor-column, --positive-column); texts alone are for --objective simcse.',
    );
  }
  if (objective === 'multiple-negatives-ranking') return;
  if (size > 2) {
    throw wrong(
      `has ${size} texts in a row, and ${objective} compares two.`,
      'Negatives are for --objective multiple-negatives-ranking.',
    );
  }
  if (!scores) {
    throw wrong(
      `has no scores, which ${objective} needs.`,
      'Name their column (--score-column); pairs without scores are for --objective multiple-negatives-ranking.',
    );
  }
  const largest = Math.max(...scores.map(Math.abs));
  if (objective === 'cosine-similarity' && largest > 1) {
    throw wrong(
      `has scores up to ${largest}, and a cosine is at most 1.`,
      'Divide the scores, or use --objective cosent, which reads their order only.',
    );
  }
}

async function encodeGroups(
  texts: TextDataset,
  tokenizer: Pick<Tokenizer, 'encode' | 'padTokenId'>,
  objective: SimilarityObjective,
  encodeOptions: EncodingOptions,
): Promise<EncodedDataset> {
  const { maxLength, signal } = encodeOptions;
  const groups = await groupsOf(texts, objective);
  const size = groups.items[0]?.texts.length ?? 1;
  return encodeExamples(
    {
      ...groups,
      name: texts.name,
      padTokenId: tokenizer.padTokenId,
      labelFields: [{ name: 'labels', dtype: 'f32', per: 'example', filler: Number.NaN }],
      textsPerExample: size,
      async encode(chunk) {
        const encodings = await tokenizer.encode(
          chunk.flatMap((group) => group.texts),
          { truncation: true, maxLength, ...(signal ? { signal } : {}) },
        );
        return chunk.flatMap(({ score, row }, index) => {
          const own = encodings.slice(index * size, (index + 1) * size);
          const [first, ...further] = own.map(({ ids, typeIds }) => ({ ids, typeIds }));
          const truncated = own.some((each) => each.truncated);
          return first ? [{ ...first, further, truncated, labels: { labels: score }, row }] : [];
        });
      },
    },
    encodeOptions,
  );
}

/** Correlations of the cosines of pairs with their scores; none without scores. */
function similarityEvaluator(output: string): Evaluator {
  const cosines: number[] = [];
  const scores: number[] = [];
  return {
    outputNames: [output],
    metricNames: ['pearson', 'spearman'],
    add(outputs, { labels }) {
      const vectors = outputs[output];
      if (!vectors || !labels) return;
      const [, width = 1] = vectors.type.shape;
      const vectorAt = (row: number) => Float32Array.from(vectors.data.slice(row * width, (row + 1) * width));
      const count = labels.data.length;
      for (const [row, score] of labels.data.entries()) {
        if (Number.isNaN(score)) continue;
        scores.push(score);
        const [one, other] = [atUnitLength(vectorAt(row)), atUnitLength(vectorAt(count + row))];
        cosines.push(one.reduce((sum, value, index) => sum + value * (other[index] ?? 0), 0));
      }
    },
    metrics(): Readonly<Record<string, number>> {
      if (scores.length === 0) return {};
      const { pearson, spearman } = regressionReport(scores, cosines);
      return { pearson, spearman };
    },
  };
}

function atUnitLength(vector: Float32Array): Float32Array {
  const length = Math.max(Math.hypot(...vector), 1e-12);
  return vector.map((value) => value / length);
}

/** The pairs of a table, by the names of its columns; else its texts. */
function openPairs(file: string, settings: Settings): RowDataset<TextExample> {
  return new TextDataset(file, async () => {
    const columns = await pairColumns(file, settings);
    const texts = columns ? textFile(file, columns, tableOptions(settings)) : openPlainTexts(file, settings);
    return { examples: await texts.toArray(), skipped: await texts.skipped(), onBadRow: settings.onBadRow };
  });
}

/** Where a table has pairs; undefined if it has texts alone. @throws AttuneError `E_DATA_COLUMN` if it has neither */
async function pairColumns(file: string, settings: Settings): Promise<TextColumns | undefined> {
  if (!/\.(csv|tsv|tab|jsonl|ndjson)$/i.test(file)) return undefined;
  const columns = await columnsOfFile(file, tableOptions(settings));
  const { anchorColumn, positiveColumn, negativeColumn, scoreColumn, textColumn } = settings;
  const among = (...names: readonly string[]) => names.find((name) => columns.includes(name));
  const anchor = anchorColumn ?? among('anchor', 'sentence1');
  if (anchor === undefined && columns.includes(textColumn)) return undefined;
  requireColumns({ name: file, columns }, { anchor: anchor ?? 'anchor' });
  const positive = positiveColumn ?? among('positive', 'sentence2');
  const negative = negativeColumn ?? among('negative');
  const score = scoreColumn ?? among('score');
  return {
    text: anchor ?? 'anchor',
    ...(positive === undefined ? {} : { textPair: positive }),
    ...(negative === undefined ? {} : { negatives: [negative] }),
    ...(score === undefined ? {} : { numbers: score }),
  };
}
