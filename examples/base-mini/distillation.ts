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
import { baseConfig } from './architecture.js';
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

const LAYERS = baseConfig(0).num_hidden_layers;
/** The batch field with the teacher's states, by the number of the layer in the objective. */
const TEACHER_LAYER = 0;
const STATES = `teacherHiddenStates.${TEACHER_LAYER}`;

/**
 * What the Trainer needs. Tokens learn the teacher's last states, and texts its embedding, through projections to its width;
 * the student's own embeddings learn the similarities of all pairs in a batch, so that something is left when projections
 * are dropped. The pooler learns the embedding through a projection of its own: a classifier that begins on it has features
 * then, as after BERT's prediction of the next sentence.
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
  const { width } = embeddings;
  return {
    model: withProjections(
      await withPooler(student, seed),
      [
        { from: 'lastHiddenState', to: `projectedStates.${LAYERS}`, width },
        { from: 'meanPooled', to: 'projected', width },
        { from: 'poolerOutput', to: 'projectedPooler', width },
      ],
      { seed },
    ),
    objective: combinedObjective([
      {
        objective: hiddenStateDistillation({ layers: [[LAYERS, TEACHER_LAYER]], output: 'projectedStates' }),
        weight: 10,
      },
      { objective: embeddingDistillation({ output: 'projected' }) },
      { objective: embeddingDistillation({ output: 'projectedPooler' }) },
      { objective: embeddingDistillation({ loss: 'similarities' }), weight: 10 },
    ]),
    train: withTokenField(withRowField(dataset, 'teacherEmbeddings', embeddings), STATES, states),
    strategy: full(),
    backend,
    seed,
    perDeviceTrainBatchSize: batchDistill,
    learningRate: 1e-3,
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
