export { calibrationError, type Judged } from './calibration.js';
export { type CompareEvent, type CompareOptions, type Comparison, compare } from './compare.js';
export {
  type ConsolidationOptions,
  consolidation,
  consolidationOptionNames,
  parseConsolidationOptions,
} from './consolidation.js';
export type { DeliveredModel } from './deliver.js';
export type { EarlierHead } from './earlier-model.js';
export {
  type ContrastivePair,
  contrastivePairs,
  type PairOptions,
  type SamplingStrategy,
} from './few-shot/contrastive-pairs.js';
export {
  parseSetFitOptions,
  type SetFitOptions,
  type SetFitRequest,
  setFitOptionNames,
  trainSetFit,
} from './few-shot/set-fit.js';
export {
  type EarlierTask,
  type EarlierTaskOptions,
  type Forgetting,
  type ForgettingMeasure,
  openEarlierTask,
} from './forgetting.js';
export { LogisticRegression, type LogisticRegressionOptions } from './island/logistic-regression.js';
export type { SparseRow } from './island/sparse.js';
export { Tfidf, type TfidfOptions } from './island/tfidf.js';
export type { Method, MethodTask, TrainedMethod } from './method.js';
export { defaultMethods, methodNamed, methods } from './methods.js';
export { type PretrainRequest, pretrain } from './pretrain.js';
export { type Recommendation, type Summary, summaries } from './recommend.js';
export { htmlReport } from './report/html.js';
export { learningRatePlot } from './report/learning-rate-plot.js';
export { markdownReport } from './report/markdown.js';
export { searchPlot } from './report/search-plot.js';
export type { LeftOut, Result, Run } from './result.js';
export { type Shots, sampleOf } from './sample.js';
export { type HalvingOptions, halvingRounds, type Rung, successiveHalving } from './search/successive-halving.js';
export { fitTemperature } from './temperature.js';
export { type TrainerMethod, trainerMethod } from './trainer-method.js';
export {
  type Replayed,
  replaying,
  type Trained,
  type WithReplay,
  withoutForgetting,
} from './without-forgetting.js';
