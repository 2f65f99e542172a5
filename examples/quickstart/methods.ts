/** The ways from labelled texts to a classifier, in the order in which the field found them. */
import { basename, dirname } from 'node:path';
import type { Strategy } from '@attune/core';
import { loadWordVectors, MemoryStorage, readModelConfig, type Storage } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { createModel, type LoadedModel, loadModel, saveTokenTableModel, saveWordVectorModel } from '@attune/models';
import { full, head, lora } from '@attune/strategies';

export interface Method {
  readonly title: string;
  readonly strategy: Strategy;
  readonly learningRate: number;
  readonly epochs: number;
  load(labels: readonly string[]): Promise<LoadedModel>;
}

export interface Sources {
  /** The pretrained model's directory. */
  readonly model: string;
  /** A file of GloVe or word2vec vectors; the pretrained model's own token table where absent. */
  readonly vectors?: string | undefined;
}

const task = 'sequence-classification';

export function methods({ model, vectors }: Sources): readonly Method[] {
  const files = nodeStorage(model);
  const pretrained = (labels: readonly string[]) => loadModel(files, { task, labels });
  return [
    {
      title: 'from scratch',
      strategy: full(),
      learningRate: 5e-4,
      epochs: 8,
      load: async (labels) => createModel(await readModelConfig(files), { task, labels, tokenizer: files }),
    },
    {
      title: vectors === undefined ? 'word vectors (its token table)' : `word vectors (${basename(vectors)})`,
      strategy: head(),
      learningRate: 3e-2,
      epochs: 40,
      load: async (labels) => loadModel(await wordVectorModel(files, vectors), { task, labels }),
    },
    { title: 'linear probe', strategy: head(), learningRate: 2e-2, epochs: 40, load: pretrained },
    { title: 'LoRA', strategy: lora({ r: 8, alpha: 16 }), learningRate: 5e-3, epochs: 8, load: pretrained },
    { title: 'full fine-tuning', strategy: full(), learningRate: 5e-4, epochs: 8, load: pretrained },
  ];
}

/** Texts as means of static vectors. */
async function wordVectorModel(pretrained: Storage, file: string | undefined): Promise<Storage> {
  const target = new MemoryStorage('word vectors');
  if (file === undefined) await saveTokenTableModel(target, pretrained);
  else await saveWordVectorModel(target, await loadWordVectors(nodeStorage(dirname(file)), basename(file)));
  return target;
}
