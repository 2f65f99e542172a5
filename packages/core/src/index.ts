export type { SaveCheckpointOptions, SavePhase } from './checkpoint/save.js';
export type { Batch, BatchOptions, HeldOutData, HoldOutOptions, TokenizedDataset } from './dataset.js';
export type { ContextWindow, SpanOptions } from './decoding/answer-span.js';
export type { TokenPlaces } from './decoding/token-places.js';
export type { GeneratedStep } from './generation/generate.js';
export type { GenerateOptions } from './generation/generation-options.js';
export { GenerationSession } from './generation/generation-session.js';
export type { TextOptions } from './generation/text.js';
export type { GrammarState, TextGrammar } from './generation/text-grammar.js';
export {
  type Derivation,
  derive,
  type HostDerivation,
  type Initializer,
  initialize,
  kaimingUniform,
} from './initializer.js';
export { type AdaptedModel, adaptModel } from './learner/adapted-model.js';
export { type CompiledProgram, Compiler } from './learner/compiler.js';
export { DeviceTensors } from './learner/device-tensors.js';
export type { EvaluationContext, LossResult } from './learner/evaluation.js';
export {
  type FindLearningRateOptions,
  type FoundLearningRate,
  findLearningRate,
  type LearningRatePoint,
} from './learner/find-learning-rate.js';
export { fisherDiagonal } from './learner/fisher.js';
export { type DataPassOptions, Learner } from './learner/learner.js';
export type { LearnerModel, LearnerOptions } from './learner/learner-options.js';
export type { PredictionContext } from './learner/prediction.js';
export { Predictor, type PredictorOptions } from './learner/predictor.js';
export type { StepBatch, StepResult } from './learner/training-programs.js';
export { argmaxOf, argmaxRows } from './metrics/argmax-rows.js';
export { type BleuOptions, type BleuTokenizer, bleu, bleuTokenizers } from './metrics/bleu.js';
export { chrf } from './metrics/chrf.js';
export { type ClassificationReport, type ClassScores, classificationReport } from './metrics/classification.js';
export {
  type ConfusionMatrix,
  type ConfusionPair,
  confusionMatrix,
  confusionPairs,
  expectPairs,
} from './metrics/confusion.js';
export { type Entity, type EntityReport, entitiesOf, entityReport } from './metrics/entities.js';
export { type MultiLabelReport, multiLabelReport } from './metrics/multi-label.js';
export { type AnswerReport, answerReport, normalizeAnswer } from './metrics/question-answering.js';
export {
  type NumberScores,
  type RegressionReport,
  regressionReport,
  severalNumbersReport,
} from './metrics/regression.js';
export { type RougeScores, rougeScores } from './metrics/rouge.js';
export { type Counts, macroF1, type Scores, scoresOf, sumCounts } from './metrics/scores.js';
export { tokenAccuracy } from './metrics/token-accuracy.js';
export { type WrittenTextReport, writtenTextReport } from './metrics/written-texts.js';
export {
  type BatchShape,
  type BatchTypes,
  CACHE_POSITION,
  inputNamesOf,
  type LayerDepths,
  type Model,
  type ModelTask,
  POSITION_IDS,
  tokenFields,
  type Values,
} from './model.js';
export { activation } from './nn/activations.js';
export { paddingBias, type SelfAttentionOptions, selfAttention } from './nn/attention.js';
export { type Conv1dLayerOptions, conv1dLayer } from './nn/convolution.js';
export {
  type BatchNormOptions,
  batchNorm,
  dividedBy,
  type EmbeddingLayerOptions,
  embeddingLayer,
  type LinearOptions,
  layerNormLayer,
  linear,
  type RmsNormOptions,
  rmsNormLayer,
} from './nn/layers.js';
export {
  concatPooling,
  firstToken,
  lastToken,
  maxPooling,
  meanPooling,
  normalizeRows,
  tokensAt,
} from './nn/pooling.js';
export {
  attendedTokens,
  type LstmLayerOptions,
  lockedDropout,
  lstmLayer,
  type RecurrentState,
} from './nn/recurrent.js';
export {
  type ForwardPass,
  type FrozenModel,
  frozenPath,
  frozenWeights,
  type HostBatch,
  IGNORED_LABEL,
  type LossContext,
  type LossWithMetrics,
  type Objective,
  withMetrics,
} from './objective.js';
export {
  type ActivationRegularizationOptions,
  activationRegularization,
} from './objectives/activation-regularization.js';
export { type CausalLanguageOptions, causalLanguageModeling } from './objectives/causal-language-modeling.js';
export {
  type ClassificationOptions,
  maskedLanguageModeling,
  sequenceClassificationObjective,
  tokenClassificationObjective,
} from './objectives/classification.js';
export { combinedObjective, type WeightedObjective } from './objectives/combined.js';
export { type CpoOptions, cpo } from './objectives/cpo.js';
export { type DpoOptions, dpo, dpoLossTypes } from './objectives/dpo.js';
export { type MultiLabelOptions, multiLabelClassification, regression } from './objectives/elementwise.js';
export { type EmbeddingDistillationOptions, embeddingDistillation } from './objectives/embedding-distillation.js';
export {
  type HiddenStateDistillationOptions,
  hiddenStateDistillation,
  teacherStates,
} from './objectives/hidden-state-distillation.js';
export { countClassLabels, fieldOf, namedValue, nextLabels, SECOND_PASS } from './objectives/labels.js';
export {
  type EarlierAnswers,
  type LearningWithoutForgettingOptions,
  learningWithoutForgetting,
} from './objectives/learning-without-forgetting.js';
export { type LogitDistillationOptions, logitDistillation } from './objectives/logit-distillation.js';
export {
  type MultipleNegativesRankingOptions,
  multipleNegativesRanking,
} from './objectives/multiple-negatives-ranking.js';
export { type OrpoOptions, orpo } from './objectives/orpo.js';
export { questionAnsweringObjective } from './objectives/question-answering.js';
export { type RDropOptions, rDrop } from './objectives/r-drop.js';
export { type ReplayedTask, type ReplayOptions, replay, replayedField } from './objectives/replay.js';
export { type RewardModelingOptions, rewardModeling } from './objectives/reward-modeling.js';
export { simCse } from './objectives/sim-cse.js';
export { coSent, cosineSimilarity } from './objectives/similarity.js';
export { type TripletOptions, triplet } from './objectives/triplet.js';
export { type AdadeltaOptions, adadelta } from './optimizers/adadelta.js';
export { type AdafactorOptions, adafactor } from './optimizers/adafactor.js';
export { type AdagradOptions, adagrad } from './optimizers/adagrad.js';
export { adam } from './optimizers/adam.js';
export type { AdamOptions } from './optimizers/adam-core.js';
export { type AdamaxOptions, adamax } from './optimizers/adamax.js';
export { adamw } from './optimizers/adamw.js';
export { AVERAGE_COUNT_INPUT, type AveragingOptions, averageStep } from './optimizers/ema.js';
export {
  type OptimizerName,
  type OptimizerOptions,
  optimizerFromOptions,
  optimizerNames,
} from './optimizers/from-options.js';
export { type LambOptions, lamb } from './optimizers/lamb.js';
export { type LionOptions, lion } from './optimizers/lion.js';
export { type MuonOptions, muon } from './optimizers/muon.js';
export { type NadamOptions, nadam } from './optimizers/nadam.js';
export type { Optimizer, StateSlot, UpdateContext, UpdateResult } from './optimizers/optimizer.js';
export { type RadamOptions, radam } from './optimizers/radam.js';
export { type RmspropOptions, rmsprop } from './optimizers/rmsprop.js';
export { type SgdOptions, sgd } from './optimizers/sgd.js';
export { type TorchAdafactorOptions, torchAdafactor } from './optimizers/torch-adafactor.js';
export type { PackedFormat, PackedFormats, PackedMatrix, PackedParts } from './packed/packed-format.js';
export type { PassName, PassOptions } from './passes/passes.js';
export { hashName, permutation } from './random.js';
export type { StrategyRecipe } from './recipe/recipe.js';
export {
  type ConstantScheduleOptions,
  type ConstantWithWarmupOptions,
  constantSchedule,
  constantWithWarmupSchedule,
} from './schedules/constant.js';
export {
  type CosineScheduleOptions,
  type CosineWarmupWithMinLrOptions,
  type CosineWithMinLrOptions,
  cosineSchedule,
  cosineWarmupWithMinLrSchedule,
  cosineWithMinLrSchedule,
} from './schedules/cosine.js';
export { type CosineWithRestartsOptions, cosineWithRestartsSchedule } from './schedules/cosine-with-restarts.js';
export { layerLearningRateScale, trainsInEpoch } from './schedules/discriminative.js';
export {
  type LrSchedulerType,
  lrSchedulerTypes,
  type ScheduleOptions,
  scheduleFromOptions,
} from './schedules/from-options.js';
export { type InverseSqrtScheduleOptions, inverseSqrtSchedule } from './schedules/inverse-sqrt.js';
export { type LinearScheduleOptions, linearSchedule } from './schedules/linear.js';
export { type OneCycleOptions, type OneCycleSchedule, oneCycleSchedule } from './schedules/one-cycle.js';
export { type PolynomialScheduleOptions, polynomialSchedule } from './schedules/polynomial.js';
export {
  type ReduceOnPlateauOptions,
  reduceOnPlateauProgram,
  reduceOnPlateauSchedule,
} from './schedules/reduce-on-plateau.js';
export type { HostSchedule, Schedule } from './schedules/schedule.js';
export { type SlantedTriangularOptions, slantedTriangularSchedule } from './schedules/slanted-triangular.js';
export { type WarmupStableDecayOptions, warmupStableDecaySchedule } from './schedules/warmup-stable-decay.js';
export {
  type AttentionCall,
  type AttentionInput,
  type DropoutSource,
  type LayerCall,
  type LayerKind,
  type LayerRewrite,
  type PackedWeight,
  type ParameterSpec,
  type ResidualInput,
  Scope,
  type ScopeRoot,
  type SiteDropout,
  type WeightLayer,
  type WeightLayerCall,
  type WeightLayerKind,
} from './scope.js';
export {
  type Adaptation,
  type AdapterFormat,
  type AfterUpdate,
  type AfterUpdateContext,
  type CombinedAdaptation,
  combineAdaptations,
  type LayerClaim,
  type Penalty,
  type Stage,
  type Strategy,
  type TrainingPlan,
} from './strategy.js';
export type { TokenRow } from './token-rows.js';
export { answerEvaluator } from './trainer/answer-evaluator.js';
export { entityEvaluator } from './trainer/entity-evaluator.js';
export {
  classificationEvaluator,
  type EvaluationDetails,
  type Evaluator,
  multiLabelEvaluator,
} from './trainer/evaluator.js';
export {
  abortedAt,
  type CheckpointEvent,
  type CompileEvent,
  type Completion,
  type CompletionsEvent,
  type EndEvent,
  type EvaluationEvent,
  type ProgressEvent,
  type RecipeEvent,
  type StartEvent,
  type StepEvent,
  type TrainEvent,
  type TrainListener,
  type WarningEvent,
} from './trainer/events.js';
export { perplexityEvaluator } from './trainer/perplexity-evaluator.js';
export { type Projection, withProjections } from './trainer/projections.js';
export { regressionEvaluator } from './trainer/regression-evaluator.js';
export { type EncodedInput, type RowOutputs, rowDataset, type TextTask } from './trainer/text-task.js';
export type { TrainableModel } from './trainer/trainable-model.js';
export { type CheckedData, Trainer } from './trainer/trainer.js';
export {
  argumentsOf,
  type CompletionWriter,
  type EncodedData,
  type EncodedOptions,
  encodeOptions,
  evaluationArgument,
  type ResolvedOptions,
  type RunParts,
  requireArguments,
  requireNoEvaluation,
  resolveOptions,
  type TrainerOptions,
  type TrainOptions,
} from './trainer/trainer-options.js';
export {
  type ArgumentName,
  type ArgumentRole,
  argumentDescriptions,
  argumentsOfRole,
  continuedArguments,
  type GivenArguments,
  parseTrainingArguments,
  type RecipeArguments,
  recipeArgumentNames,
  saveStrategyOf,
  type TrainingArgument,
  type TrainingArguments,
  type TrainingArgumentsInput,
  trainingArguments,
  trainingArgumentsAmong,
  trainingArgumentsShape,
} from './trainer/training-arguments.js';
export type { EncodedExamples, EncodingModel, EncodingWatch, ExampleSource, TrainingData } from './training-data.js';
export { VERSION } from './version.js';
