/** What is compared: the models of the card's table, each with its own way to learn. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Strategy } from '@attune/core';
import { loadWordVectors, MemoryStorage, type Storage } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { createModel, type LoadedModel, loadModel, type ModelOptions, saveWordVectorModel } from '@attune/models';
import { full, head } from '@attune/strategies';
import { z } from 'zod';

export const modelNames = ['from-scratch', 'word-vectors', 'base', 'minilm'] as const;

export type ModelName = (typeof modelNames)[number];

export interface EvaluatedModel {
  readonly title: string;
  readonly strategy: Strategy;
  readonly learningRate: number;
  /** A linear classifier on frozen features has cheap epochs, and needs more of them. */
  readonly epochFactor: number;
  load(options: ModelOptions & { readonly seed: number }): Promise<LoadedModel>;
}

const config = z.looseObject({ model_type: z.string() });

/** @param base the directory of the embedded base */
export function evaluatedModels(base: string, shared: string): Readonly<Record<ModelName, EvaluatedModel>> {
  const files = nodeStorage(base);
  let vectors: Promise<Storage> | undefined;
  return {
    'from-scratch': {
      title: 'the same architecture from scratch',
      strategy: full(),
      learningRate: 5e-4,
      epochFactor: 1,
      load: async (options) =>
        createModel(config.parse(JSON.parse(readFileSync(join(base, 'config.json'), 'utf8'))), {
          ...options,
          tokenizer: files,
        }),
    },
    'word-vectors': {
      title: 'word vectors (GloVe 6B, 50 dimensions, 40,000 words)',
      strategy: head(),
      learningRate: 3e-2,
      epochFactor: 4,
      async load(options) {
        vectors ??= wordVectorFiles(join(shared, 'models/glove-6b-50d'));
        return loadModel(await vectors, options);
      },
    },
    base: {
      title: 'base-mini',
      strategy: full(),
      learningRate: 5e-4,
      epochFactor: 1,
      load: (options) => loadModel(files, options),
    },
    minilm: {
      title: 'all-MiniLM-L6-v2 (22.7 million parameters)',
      strategy: full(),
      learningRate: 2e-4,
      epochFactor: 1,
      load: (options) => loadModel(nodeStorage(join(shared, 'models/all-minilm-l6-v2')), options),
    },
  };
}

async function wordVectorFiles(directory: string): Promise<Storage> {
  const target = new MemoryStorage('word vectors');
  await saveWordVectorModel(target, await loadWordVectors(nodeStorage(directory), 'glove.6B.50d.40k.txt.gz'));
  return target;
}
