/** What sister packages need beside the public entry; it may change in any version. */
export { grad, vectorJacobianProduct } from './autodiff.js';
export { type MeasuredBackend, measureBackends } from './backend-speed.js';
export { whileLocked } from './checkpoint/locked.js';
export { verifyCheckpoint } from './checkpoint/manifest.js';
export { entriesOf, LOCK } from './checkpoint/names.js';
export { answerOfWindow, chooseAnswer } from './decoding/answer-span.js';
export { softmaxOf } from './decoding/softmax.js';
export { tokenPlaces } from './decoding/token-places.js';
export { describeModel, type LayerInfo, outputWidth } from './describe-model.js';
export { drawnAnew } from './drawn-anew.js';
export { searchBeams } from './generation/beam-search.js';
export { generateTokens } from './generation/generate.js';
export { checkedOptions, type GenerationOption, generationOptions } from './generation/generation-options.js';
export { planModel, startedModel } from './learner/adapted-model.js';
export { Compiler } from './learner/compiler.js';
export { evaluateDataset } from './learner/evaluation.js';
export { hostStarts } from './learner/host-starts.js';
export { answerInputs, predictDataset } from './learner/prediction.js';
export { traceTrainingLoss } from './learner/trace-training-loss.js';
export { nearest } from './nearest.js';
export {
  learningWithoutForgettingOptionNames,
  parseLearningWithoutForgettingOptions,
} from './objectives/learning-without-forgetting.js';
export { parseReplayOptions } from './objectives/replay.js';
export { adamwUpdateDefinition, adamwUpdateSamples } from './optimizers/adamw-update.js';
export { type ClipOptions, clipGradients, globalNorm } from './optimizers/clip.js';
export { ggufBlockFormat } from './packed/gguf-blocks.js';
export { int8Rows } from './packed/int8-rows.js';
export { normalFloats } from './packed/normal-floats.js';
export { packedModel } from './packed/packed-model.js';
export { unpackedWeights } from './packed/unpacked-weights.js';
export { type OptionProblem, parseOptions } from './parse-options.js';
export { eliminateCommonSubexpressions } from './passes/common-subexpressions.js';
export { eliminateDeadCode } from './passes/dead-code.js';
export { legalize } from './passes/legalize.js';
export { runPasses } from './passes/passes.js';
export { accumulatorName, averageName, batchInput, totalInput } from './port-names.js';
export { gaussian, keyOf, uniformUnit } from './random.js';
export { fullRecipe, roundedRate } from './recipe/recipe.js';
export { scheduleFunction, stepFunction } from './schedules/evaluate.js';
export { padRows } from './token-rows.js';
export { traceForward, traceLoss } from './trace.js';
export {
  accumulateStep,
  applyStep,
  optimizerState,
  type StepOptions,
  trainStep,
} from './train-step.js';
export { isGreaterBetter } from './trainer/best.js';
export { inspectRunDirectory } from './trainer/run-directory.js';
export { EVENTS_FILE, RUN_FILE, runRecord } from './trainer/run-record.js';
export { encodedData } from './training-data.js';
