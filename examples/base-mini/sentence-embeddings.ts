/** Stage 3: sentence embeddings after a teacher's. */
import { combinedObjective, embeddingDistillation, Predictor, permutation, withProjections } from '@attune/core';
import { embedTexts, encodeTexts, type RowVectors, rows, withRowField } from '@attune/data';
import { loadTokenizer, type Storage } from '@attune/hub';
import type { Backend } from '@attune/ir';
import { loadModel } from '@attune/models';
import { full } from '@attune/strategies';
import { sentencesOf } from './corpus.js';
import type { StageOptions } from './run-stage.js';
import type { Settings } from './settings.js';

const LENGTH = 128;

export interface StageContext {
  readonly backend: Backend;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** Passages and their sentences, in an order of the seed, the first `teacherTexts` of them. */
export function teacherTexts(passages: readonly string[], { teacherTexts: count, seed }: Settings): readonly string[] {
  const all = [...new Set(passages.flatMap((passage) => [passage, ...sentencesOf(passage)]))];
  return Array.from(permutation(all.length, seed, 'teacher texts').subarray(0, count), (index) => all[index]!);
}

/** The teacher's embeddings of the texts, from files where they are there. */
export async function teach(
  texts: readonly string[],
  teacher: Storage,
  cache: Storage,
  { backend, signal, log }: StageContext,
): Promise<RowVectors> {
  const model = await loadModel(teacher, { task: 'feature-extraction' });
  await using predictor = await Predictor.open(model, { backend });
  const start = performance.now();
  return await embedTexts(texts, predictor, {
    tokenizer: await loadTokenizer(teacher),
    maxLength: LENGTH,
    cache,
    teacher: teacher.name.split('/').at(-1) ?? '',
    signal,
    onProgress: (done, total) =>
      log(`teacher: ${done}/${total} texts, ${((performance.now() - start) / 1000).toFixed(0)} s`),
  });
}

/**
 * What the Trainer needs: the cosine through a projection to the teacher's width, and the similarities of all pairs in a
 * batch, which the student's own embeddings learn, so that something is left when the projection is dropped.
 */
export async function distillationTrainer(
  student: Storage,
  texts: readonly string[],
  vectors: RowVectors,
  { seed, batchDistill, saveSteps }: Settings,
  { backend, signal }: StageContext,
): Promise<StageOptions['trainer']> {
  const loaded = await loadModel(student, { task: 'feature-extraction' });
  const tokenizer = await loadTokenizer(student);
  const source = rows(texts.map((text) => ({ text })));
  const { dataset } = await encodeTexts(source, tokenizer, { maxLength: LENGTH, signal });
  return {
    model: withProjections(loaded, [{ from: 'meanPooled', to: 'projected', width: vectors.width }], { seed }),
    objective: combinedObjective([
      { objective: embeddingDistillation({ output: 'projected' }) },
      { objective: embeddingDistillation({ loss: 'similarities' }), weight: 10 },
    ]),
    train: withRowField(dataset, 'teacherEmbeddings', vectors),
    strategy: full(),
    backend,
    seed,
    perDeviceTrainBatchSize: batchDistill,
    learningRate: 5e-4,
    weightDecay: 0.01,
    warmupRatio: 0.06,
    lrSchedulerType: 'linear',
    evalStrategy: 'no',
    saveSteps,
  };
}
