/** Stage 4: embeddings of texts and states of tokens after a teacher's. */
import {
  combinedObjective,
  embeddingDistillation,
  hiddenStateDistillation,
  permutation,
  withProjections,
} from '@attune/core';
import { encodeTexts, rows, withRowField, withTokenField } from '@attune/data';
import { loadTokenizer, readModelConfig, type Storage } from '@attune/hub';
import { createModel, type LoadedModel, loadModel } from '@attune/models';
import { full } from '@attune/strategies';
import { TEACHER_LAYERS } from './architecture.js';
import { sentencesOf } from './corpus.js';
import type { StageOptions } from './run-stage.js';
import type { Settings } from './settings.js';
import { type StageContext, TEACHER_LENGTH } from './teacher.js';
import type { Lessons } from './teacher-lessons.js';

/** Passages and their sentences, in an order of the seed, the first `teacherTexts` of them. */
export function teacherTexts(passages: readonly string[], { teacherTexts: count, seed }: Settings): readonly string[] {
  const all = [...new Set(passages.flatMap((passage) => [passage, ...sentencesOf(passage)]))];
  return Array.from(permutation(all.length, seed, 'teacher texts').subarray(0, count), (index) => all[index]!);
}

const LAYERS = TEACHER_LAYERS.length;
/** The batch field with the teacher's states, by the number of the layer in the objective. */
const TEACHER_STATES = 0;
const STATES = `teacherHiddenStates.${TEACHER_STATES}`;

/**
 * What the Trainer needs. Student and teacher are of one width: tokens learn the teacher's last states, and texts its
 * embedding and the similarities of all pairs in a batch. The pooler learns the embedding through a projection: a
 * classifier that begins on it has features then, as after BERT's prediction of the next sentence.
 */
export async function distillationTrainer(
  student: Storage,
  texts: readonly string[],
  { embeddings, states }: Lessons,
  { seed, batchDistill, saveSteps }: Settings,
  { backend, signal }: StageContext,
): Promise<StageOptions['trainer']> {
  const tokenizer = await loadTokenizer(student);
  const source = rows(texts.map((text) => ({ text })));
  const { dataset } = await encodeTexts(source, tokenizer, { maxLength: TEACHER_LENGTH, signal });
  return {
    model: withProjections(
      await withPooler(student, seed),
      [{ from: 'poolerOutput', to: 'projectedPooler', width: embeddings.width }],
      { seed },
    ),
    objective: combinedObjective([
      { objective: hiddenStateDistillation({ layers: [[LAYERS, TEACHER_STATES]] }), weight: 10 },
      { objective: embeddingDistillation() },
      { objective: embeddingDistillation({ output: 'projectedPooler' }) },
      { objective: embeddingDistillation({ loss: 'similarities' }), weight: 10 },
    ]),
    train: withTokenField(withRowField(dataset, 'teacherEmbeddings', embeddings), STATES, states),
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
  const options = {
    task: 'feature-extraction',
    outputPooler: true,
    outputHiddenStates: true,
    seed,
    tokenizer: student,
  } as const;
  const model = await createModel(await readModelConfig(student), options);
  return { ...model, weights: new Map([...model.weights, ...weights]) };
}
