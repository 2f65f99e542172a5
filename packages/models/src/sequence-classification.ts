/** A text classifier, ready for the Trainer: model, tokenizer, objective, evaluator, answers and files in one value. */
import {
  classificationEvaluator,
  type Evaluator,
  type HostBatch,
  multiLabelClassification,
  multiLabelEvaluator,
  type Objective,
  regression,
  regressionEvaluator,
  sequenceClassification as singleLabelClassification,
  type TextTask,
} from '@attune/core';
import { loadTokenizer, type Storage, type Tokenizer } from '@attune/hub';
import { openDirectory } from '@attune/hub/directory';
import { AttuneError, hostTensor } from '@attune/ir';
import { writeAttuneFile } from './attune-file.js';
import { type LoadedModel, type LoadOptions, loadModel } from './load.js';

export interface SequenceClassificationOptions extends Omit<LoadOptions, 'task'> {
  /** Tokens kept of each text; all that the model takes by default. */
  readonly maxLength?: number;
  /** Share of the target that is spread evenly over the classes, 0 by default; of single labels only. */
  readonly labelSmoothing?: number;
}

/** What a text is, most probable first: one label, or every label by itself, or numbers (then `score` is the number). */
export interface Classification {
  /** The most probable label. */
  readonly label: string;
  readonly score: number;
  readonly labels: readonly { readonly label: string; readonly score: number }[];
}

export interface SequenceClassifier extends LoadedModel {
  readonly objective: Objective;
  readonly evaluator: () => Evaluator;
  readonly tokenizer: Tokenizer;
  readonly maxLength: number;
  readonly text: TextTask<Classification>;
  describe(target: Storage): Promise<void>;
}

/**
 * Loads a model directory as a classifier of texts; a bare encoder gets a new head.
 * @param directory a path (in Node) or a Storage, with the tokenizer's files
 * @throws AttuneError as `loadModel`; `E_TOO_LONG` for a `maxLength` beyond the model's positions, `E_TOKENIZER`
 */
export async function sequenceClassification(
  directory: Storage | string,
  { maxLength: wanted, labelSmoothing, ...options }: SequenceClassificationOptions = {},
): Promise<SequenceClassifier> {
  const storage = openDirectory(directory);
  const loaded = await loadModel(storage, { ...options, task: 'sequence-classification' });
  const { labels, problemType, model } = loaded;
  if (wanted !== undefined && wanted > model.maxPositions) {
    throw new AttuneError(
      'E_TOO_LONG',
      `maxLength is ${wanted}; ${storage.name} has ${model.maxPositions} positions.`,
      { file: storage.name, field: 'maxLength' },
    );
  }
  const tokenizer = await loadTokenizer(storage);
  const maxLength = wanted ?? Math.min(model.maxPositions, tokenizer.modelMaxLength);
  const text: TextTask<Classification> = {
    encode: (input) => encode(input, tokenizer, maxLength),
    outputName: 'logits',
    answer: (logits) => rank(labels, scoresOf(logits, problemType)),
  };
  return {
    ...loaded,
    ...trainingOf(loaded, labelSmoothing),
    tokenizer,
    maxLength,
    text,
    describe: (target) => writeAttuneFile(target, { task: 'sequence-classification', labels: [...labels], maxLength }),
  };
}

function trainingOf(
  { labels, problemType }: LoadedModel,
  labelSmoothing = 0,
): Pick<SequenceClassifier, 'objective' | 'evaluator'> {
  switch (problemType) {
    case 'regression':
      return { objective: regression(), evaluator: regressionEvaluator };
    case 'multi_label_classification':
      return { objective: multiLabelClassification(), evaluator: () => multiLabelEvaluator(labels) };
    default:
      return {
        objective: singleLabelClassification({ classes: labels.length, labelSmoothing }),
        evaluator: () => classificationEvaluator(labels),
      };
  }
}

/** Padded to a multiple of 16 tokens, so that texts of any length share a few programs. */
async function encode(text: string, tokenizer: Tokenizer, maxLength: number): Promise<HostBatch> {
  const [encoding] = await tokenizer.encode([text], { truncation: true, maxLength });
  const { ids, typeIds } = encoding!;
  const length = Math.min(Math.ceil(ids.length / 16) * 16, maxLength);
  const row = (values: readonly number[], filler: number) =>
    hostTensor(
      [1, length],
      Int32Array.from({ length }, (_, index) => values[index] ?? filler),
      'i32',
    );
  return {
    inputIds: row(ids, tokenizer.padTokenId),
    attentionMask: row(
      ids.map(() => 1),
      0,
    ),
    tokenTypeIds: row(typeIds, 0),
  };
}

function scoresOf(logits: Float32Array, problemType: LoadedModel['problemType']): Float32Array {
  if (problemType === 'regression') return logits;
  if (problemType === 'multi_label_classification') return logits.map((logit) => 1 / (1 + Math.exp(-logit)));
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

function rank(names: readonly string[], scores: Float32Array): Classification {
  const labels = names
    .map((label, index) => ({ label, score: scores[index]! }))
    .sort((one, other) => other.score - one.score);
  return { ...labels[0]!, labels };
}
