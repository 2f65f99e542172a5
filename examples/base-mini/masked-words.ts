/** Stage 2: masked language modelling with whole words, on rows that are full. */
import { maskedLanguageModeling } from '@attune/core';
import { encodeMaskedLanguageModeling, rows } from '@attune/data';
import { loadTokenizer, type Storage } from '@attune/hub';
import type { Backend } from '@attune/ir';
import { createModel } from '@attune/models';
import { full } from '@attune/strategies';
import { baseConfig } from './architecture.js';
import type { StageOptions } from './run-stage.js';
import type { Settings } from './settings.js';

const [LENGTH, PREDICTIONS, HELD_OUT] = [128, 24, 100];

/** What the Trainer needs. Every hundredth passage is held out, at most as many as a percent. */
export async function maskedWordsTrainer(
  passages: readonly string[],
  tokenizerFiles: Storage,
  { seed, batchMlm, saveSteps }: Settings,
  { backend, signal }: { readonly backend: Backend; readonly signal: AbortSignal },
): Promise<StageOptions['trainer']> {
  const tokenizer = await loadTokenizer(tokenizerFiles);
  const model = createModel(baseConfig(tokenizer.vocabularySize), {
    task: 'masked-language-modeling',
    predictAtPositions: true,
    seed,
    tokenizer: tokenizerFiles,
  });
  const options = { maxLength: LENGTH, packed: true, predictions: PREDICTIONS, signal };
  const encode = async (isHeldOut: boolean) => {
    const texts = passages.filter((_, index) => (index % HELD_OUT === HELD_OUT - 1) === isHeldOut);
    return (await encodeMaskedLanguageModeling(rows(texts.map((text) => ({ text }))), tokenizer, options)).dataset;
  };
  return {
    model,
    objective: maskedLanguageModeling({ classes: tokenizer.vocabularySize }),
    train: await encode(false),
    evaluation: await encode(true),
    strategy: full(),
    backend,
    seed,
    perDeviceTrainBatchSize: batchMlm,
    perDeviceEvalBatchSize: batchMlm,
    learningRate: 1e-3,
    weightDecay: 0.01,
    adamBeta2: 0.98,
    adamEpsilon: 1e-6,
    warmupRatio: 0.06,
    lrSchedulerType: 'linear',
    evalStrategy: 'steps',
    evalSteps: 1000,
    saveSteps,
  };
}
