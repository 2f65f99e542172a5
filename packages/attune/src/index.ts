/** What most programs need, by name. The packages below have the rest: `@attune/core` for a model or objective of your own. */
export {
  dpo,
  findLearningRate,
  Learner,
  type LearnerOptions,
  Predictor,
  rDrop,
  type Strategy,
  simCse,
  type TokenizedDataset,
  type TrainEvent,
  Trainer,
  type TrainerOptions,
} from '@attune/core';
export { conll, csv, instructionRows, instructions, jsonl, questionsJsonl, rows, textLines } from '@attune/data';
export { loadChatTemplate, loadTokenizer, MemoryStorage, opfsStorage, type Storage } from '@attune/hub';
export {
  Ensemble,
  type EnsembleEvaluation,
  OpenModel,
  type OpenModelOptions,
  openEnsemble,
  openModel,
} from '@attune/inference';
export { AttuneError, type Backend, isAttuneError, referenceBackend } from '@attune/ir';
export {
  causalLanguageModel,
  createModel,
  evaluateByGenerating,
  type LoadedModel,
  loadModel,
  maskedLanguageModel,
  questionAnswering,
  saveModel,
  sentenceSimilarity,
  sequenceClassification,
  type TaskModel,
  tokenClassification,
  writeCompletions,
} from '@attune/models';
export {
  adalora,
  bitfit,
  boft,
  bottleneck,
  dora,
  full,
  head,
  ia3,
  lnTuning,
  loadAdapter,
  loha,
  lokr,
  lora,
  mergeAdapter,
  neftune,
  oft,
  prefixTuning,
  promptTuning,
  pTuning,
  vera,
} from '@attune/strategies';
