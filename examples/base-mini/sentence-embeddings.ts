/** Stage 4: sentence embeddings after a teacher's. */
import { combinedObjective, embeddingDistillation, permutation, withProjections } from '@attune/core';
import { encodeTexts, type RowVectors, rows, withRowField } from '@attune/data';
import { loadTokenizer, readModelConfig, type Storage } from '@attune/hub';
import { createModel, type LoadedModel, loadModel } from '@attune/models';
import { full } from '@attune/strategies';
import { sentencesOf } from './corpus.js';
import type { StageOptions } from './run-stage.js';
import type { Settings } from './settings.js';
import { type StageContext, TEACHER_LENGTH } from './teacher.js';

/** Passages and their sentences, in an order of the seed, the first `teacherTexts` of them. */
export function teacherTexts(passages: readonly string[], { teacherTexts: count, seed }: Settings): readonly string[] {
  const all = [...new Set(passages.flatMap((passage) => [passage, ...sentencesOf(passage)]))];
  return Array.from(permutation(all.length, seed, 'teacher texts').subarray(0, count), (index) => all[index]!);
}

/**
 * What the Trainer needs: the cosine through a projection to the teacher's width, and the similarities of all pairs in a
 * batch, which the student's own embeddings learn, so that something is left when the projection is dropped. The pooler
 * learns the same through a projection of its own: a classifier that begins on it has features then, as after BERT's
 * prediction of the next sentence.
 */
export async function distillationTrainer(
  student: Storage,
  texts: readonly string[],
  vectors: RowVectors,
  { seed, batchDistill, saveSteps }: Settings,
  { backend, signal }: StageContext,
): Promise<StageOptions['trainer']> {
  const tokenizer = await loadTokenizer(student);
  const source = rows(texts.map((text) => ({ text })));
  const { dataset } = await encodeTexts(source, tokenizer, { maxLength: TEACHER_LENGTH, signal });
  return {
    model: withProjections(
      await withPooler(student, seed),
      [
        { from: 'meanPooled', to: 'projected', width: vectors.width },
        { from: 'poolerOutput', to: 'projectedPooler', width: vectors.width },
      ],
      { seed },
    ),
    objective: combinedObjective([
      { objective: embeddingDistillation({ output: 'projected' }) },
      { objective: embeddingDistillation({ output: 'projectedPooler' }) },
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

/** The encoder of the stage before, with a pooler, which a masked language model does not have. */
async function withPooler(student: Storage, seed: number): Promise<LoadedModel> {
  const { weights } = await loadModel(student, { task: 'feature-extraction' });
  const options = { task: 'feature-extraction', outputPooler: true, seed, tokenizer: student } as const;
  const model = createModel(await readModelConfig(student), options);
  return { ...model, weights: new Map([...model.weights, ...weights]) };
}
