/** Stage 3: masked language modelling with whole words, on rows that are full. */
import { maskedLanguageModeling } from '@attune/core';
import { rows } from '@attune/data';
import { loadTokenizer, type Storage } from '@attune/hub';
import { createModel, loadModel } from '@attune/models';
import { full } from '@attune/strategies';
import { encodeMaskedLanguageModeling, featureExtractionTask, maskedLanguageModelingTask } from '@attune/tasks';
import { baseConfig, TEACHER_LAYERS, withoutDropout } from './architecture.js';
import type { StageOptions } from './run-stage.js';
import type { Settings } from './settings.js';
import type { StageContext } from './teacher.js';
import { teacherPieces, weightsAfterTeacher } from './teacher-weights.js';

const [LENGTH, PREDICTIONS, HELD_OUT] = [128, 24, 100];

/** What the Trainer needs. Every hundredth passage is held out, at most as many as a percent. */
export async function maskedWordsTrainer(
  passages: readonly string[],
  tokenizerFiles: Storage,
  teacher: Storage,
  { seed, batchMlm, saveSteps }: Settings,
  { backend, signal }: StageContext,
): Promise<StageOptions['trainer']> {
  const tokenizer = await loadTokenizer(tokenizerFiles);
  const begun = await createModel(withoutDropout(baseConfig(tokenizer.vocabularySize)), {
    task: maskedLanguageModelingTask,
    predictAtPositions: true,
    seed,
    tokenizer: tokenizerFiles,
  });
  const { weights: teacherWeights } = await loadModel(teacher, { task: featureExtractionTask });
  const weights = weightsAfterTeacher(begun.weights, teacherWeights, {
    layers: TEACHER_LAYERS,
    pieces: await teacherPieces(tokenizerFiles, teacher, await loadTokenizer(teacher)),
  });
  const options = { maxLength: LENGTH, packed: true, predictions: PREDICTIONS, signal };
  const encode = async (isHeldOut: boolean) => {
    const texts = passages.filter((_, index) => (index % HELD_OUT === HELD_OUT - 1) === isHeldOut);
    return (await encodeMaskedLanguageModeling(rows(texts.map((text) => ({ text }))), tokenizer, options)).dataset;
  };
  return {
    model: { ...begun, weights },
    objective: maskedLanguageModeling({ classes: tokenizer.vocabularySize }),
    train: await encode(false),
    evaluation: await encode(true),
    strategy: full(),
    backend,
    seed,
    perDeviceTrainBatchSize: batchMlm,
    perDeviceEvalBatchSize: batchMlm,
    learningRate: 5e-4,
    weightDecay: 0.01,
    adamBeta2: 0.98,
    adamEpsilon: 1e-6,
    warmupRatio: 0.06,
    lrSchedulerType: 'linear',
    evalStrategy: 'steps',
    evalSteps: 1000,
    loadBestModelAtEnd: false,
    saveSteps,
  };
}
