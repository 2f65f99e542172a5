/** Models that make vectors of texts, with the pooling that sentence-transformers keeps beside them. */
import { type Model, normalizeRows } from '@attune/core';
import { directoryKind, loadTokenizer, MemoryStorage, type Storage, type Tokenizer } from '@attune/hub';
import { modelStorage } from '@attune/inference/places';
import { AttuneError, type HostTensor } from '@attune/ir';
import { loadModel } from '@attune/models';
import { featureExtractionTask, hasPooling, type Pooling, pooledBy, poolingOf, sentenceLength } from '@attune/tasks';
import { openSavedModel, writeMerged } from './saved-model.js';

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
  const described = opened && !(await hasPooling(directory)) ? opened.base : directory;
  const source = opened ? new MemoryStorage(directory.name) : directory;
  if (opened) await writeMerged(source, opened);
  const { model, weights } = await loadModel(source, { task: featureExtractionTask });
  const tokenizer = await loadTokenizer(source);
  const pooling = options.pooling ?? (await poolingOf(described));
  const maxLength =
    options.maxLength ??
    Math.min(
      (await sentenceLength(described)) ?? Number.POSITIVE_INFINITY,
      model.maxPositions,
      tokenizer.modelMaxLength,
    );
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
      const vectors = pooledBy(pooling, model.forward(scope, inputs));
      if (vectors) return { [EMBEDDING]: normalize ? normalizeRows(vectors) : vectors };
      throw new AttuneError('E_MODEL_UNSUPPORTED', `${model.architecture} has no ${pooling} pooling.`, {
        field: 'pooling',
      });
    },
  };
}
