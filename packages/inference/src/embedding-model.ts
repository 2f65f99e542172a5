/** Models that make vectors of texts, with the pooling that sentence-transformers keeps beside them. */
import { firstToken, type Model, normalizeRows } from '@attune/core';
import { directoryKind, loadTokenizer, MemoryStorage, readJson, type Storage, type Tokenizer } from '@attune/hub';
import { modelStorage } from '@attune/inference/places';
import { AttuneError, type HostTensor } from '@attune/ir';
import { loadModel } from '@attune/models';
import { featureExtractionTask } from '@attune/tasks';
import * as z from 'zod/mini';
import { openSavedModel, writeMerged } from './saved-model.js';

export const poolings = ['mean', 'cls'] as const;
type Pooling = (typeof poolings)[number];

export interface EmbeddingOptions {
  /** What the directory says by default, else `mean`. */
  readonly pooling?: Pooling | undefined;
  /** Whether vectors have the length 1; true by default. */
  readonly normalize?: boolean | undefined;
  /** Directory of an adapter's base; the one that the adapter names by default. */
  readonly base?: Storage | string | undefined;
  /** Tokens kept of each text; what the directory says by default. */
  readonly maxLength?: number | undefined;
}

export interface EmbeddingModel {
  /** Its output `embedding` is f32 [batch, width]. */
  readonly model: Model;
  readonly weights: ReadonlyMap<string, HostTensor>;
  readonly tokenizer: Tokenizer;
  readonly pooling: Pooling;
  readonly maxLength: number;
}

/** The model's output of a vector per text. */
export const EMBEDDING = 'embedding';

/**
 * Opens a model directory, or an adapter directory folded into its base; heads are left alone.
 * @throws AttuneError `E_MODEL_UNSUPPORTED` for another pooling, `E_TOO_LONG`, and as `openSavedModel` and `loadModel`
 */
export async function openEmbeddingModel(path: Storage | string, options: EmbeddingOptions): Promise<EmbeddingModel> {
  const directory = await modelStorage(path);
  const isAdapter = (await directoryKind(directory)) === 'adapter';
  const opened = isAdapter ? await openSavedModel(path, { base: options.base }) : undefined;
  const described = opened?.base ?? directory;
  const source = opened ? new MemoryStorage(directory.name) : directory;
  if (opened) await writeMerged(source, opened);
  const { model, weights } = await loadModel(source, { task: featureExtractionTask });
  const tokenizer = await loadTokenizer(source);
  const pooling = options.pooling ?? (await poolingOf(described));
  const maxLength =
    options.maxLength ?? Math.min(await lengthOf(described), model.maxPositions, tokenizer.modelMaxLength);
  if (maxLength > model.maxPositions) {
    throw new AttuneError(
      'E_TOO_LONG',
      `maxLength is ${maxLength}; ${directory.name} has ${model.maxPositions} positions.`,
      {
        file: directory.name,
        field: 'maxLength',
      },
    );
  }
  return { model: pooled(model, pooling, options.normalize ?? true), weights, tokenizer, pooling, maxLength };
}

/** The model with one output, the vector of each text. */
function pooled(model: Model, pooling: Pooling, normalize: boolean): Model {
  return {
    ...model,
    forward(scope, inputs) {
      const { lastHiddenState, meanPooled } = model.forward(scope, inputs);
      const vectors = pooling === 'mean' ? meanPooled : lastHiddenState && firstToken(lastHiddenState);
      if (vectors) return { [EMBEDDING]: normalize ? normalizeRows(vectors) : vectors };
      throw new AttuneError('E_MODEL_UNSUPPORTED', `${model.architecture} has no ${pooling} pooling.`, {
        field: 'pooling',
      });
    },
  };
}

const POOLING_FILE = '1_Pooling/config.json';
const flag = z._default(z.boolean(), false);
const poolingSchema = z.looseObject({ pooling_mode_cls_token: flag, pooling_mode_mean_tokens: flag });

async function poolingOf(directory: Storage): Promise<Pooling> {
  if (!(await directory.exists(POOLING_FILE))) return 'mean';
  const parsed = poolingSchema.safeParse(await readJson(directory, POOLING_FILE));
  const isCls = parsed.data?.pooling_mode_cls_token ?? false;
  const isMean = parsed.data?.pooling_mode_mean_tokens ?? false;
  if (isCls !== isMean) return isCls ? 'cls' : 'mean';
  throw new AttuneError(
    'E_MODEL_UNSUPPORTED',
    `${directory.name}/${POOLING_FILE} asks for another pooling than mean or cls.`,
    {
      file: `${directory.name}/${POOLING_FILE}`,
      field: 'pooling_mode',
      hint: 'Choose one with --pooling mean or --pooling cls.',
    },
  );
}

const LENGTH_FILE = 'sentence_bert_config.json';
const lengthSchema = z.looseObject({ max_seq_length: z.int().check(z.positive()) });

/** Tokens that sentence-transformers keeps of a text. */
async function lengthOf(directory: Storage): Promise<number> {
  if (!(await directory.exists(LENGTH_FILE))) return Number.POSITIVE_INFINITY;
  return (
    lengthSchema.safeParse(await readJson(directory, LENGTH_FILE)).data?.max_seq_length ?? Number.POSITIVE_INFINITY
  );
}
