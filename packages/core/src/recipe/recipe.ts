/** The training arguments that suit a model and its data, for all that the user leaves open. */
import type { GivenArguments, RecipeArguments } from '../trainer/training-arguments.js';

/** What a recipe is chosen by. */
export interface RecipeFacts {
  /** Examples to train on. */
  readonly examples: number;
  /** Examples to evaluate on, 0 for none. */
  readonly evaluationExamples: number;
  /** How many classes there are, 1 if examples have no class. */
  readonly classes: number;
  /** Whether some classes are much rarer than others and the task is judged by how many examples are right. */
  readonly uneven: boolean;
  /** The width of the model's hidden states. */
  readonly width: number;
  readonly strategy: StrategyRecipe;
  /** The metric that the task is judged by. */
  readonly mainMetric: string;
  /** Whether checkpoints can be kept. */
  readonly hasOutput: boolean;
}

/** What a strategy adds to a recipe. */
export interface StrategyRecipe {
  /** The peak learning rate for AdamW, for a model of this width. */
  learningRate(width: number): number;
  /** Epochs for one epoch of full fine-tuning. */
  readonly epochFactor: number;
}

/** All arguments that were not given. */
export type Recipe = RecipeArguments & Pick<GivenArguments, 'evalSteps'>;

/**
 * Full fine-tuning of all parameters: 5e-5 at the width of BERT-base, the largest of the rates that Devlin et al. 2018
 * recommend, and more for narrower models by the square of the ratio: 2e-4 for MiniLM's 384.
 */
export const fullRecipe: StrategyRecipe = {
  learningRate: (width) => roundedRate(Math.min(5e-5 * (768 / width) ** 2, 5e-4)),
  epochFactor: 1,
};

/** A learning rate with two digits. */
export const roundedRate = (rate: number): number => Number(rate.toPrecision(2));

/** Fewer evaluation examples than this cannot tell a better model from a lucky one. */
const ENOUGH_TO_JUDGE = 200;

/** Fewer training examples than this are all trained on. */
const ENOUGH_TO_SPLIT = 200;

/** At most so many examples of large data are held out. */
const MOST_HELD_OUT = 2000;

/** A run has at most about so many steps, unless the user says more. */
const MOST_STEPS = 20_000;

/**
 * The share of the training data to hold out if there is nothing else to evaluate on.
 * @param needed whether the run cannot do without evaluations
 */
export function holdOutShare(given: GivenArguments, examples: number, needed = false): number {
  if (given.holdOutShare !== undefined) return given.holdOutShare;
  if (given.evalStrategy === 'no' || (examples < ENOUGH_TO_SPLIT && !needed)) return 0;
  return Math.min(0.1, MOST_HELD_OUT / examples);
}

/**
 * Small data are seen more often, in smaller batches, so that every run has some hundred steps (Mosbach et al. 2021);
 * the rate warms up over a tenth of them and decays linearly (Devlin et al. 2018). Evaluations cost at most about a
 * quarter of the training. Rare classes weigh more, because a model that never answers with them is of little use.
 */
export function chooseRecipe(given: GivenArguments, facts: RecipeFacts): Recipe {
  const { examples, evaluationExamples, strategy } = facts;
  const perDeviceTrainBatchSize = given.perDeviceTrainBatchSize ?? batchSizeFor(examples);
  const perStep = perDeviceTrainBatchSize * given.gradientAccumulationSteps;
  const stepsPerEpoch = Math.ceil(examples / perStep);
  const numTrainEpochs = given.numTrainEpochs ?? Math.min(epochsFor(facts), MOST_STEPS / stepsPerEpoch);
  const steps = given.maxSteps ?? Math.ceil(stepsPerEpoch * numTrainEpochs);
  const evaluates = evaluationExamples > 0 && given.evalStrategy !== 'no';
  const evaluations = evaluates ? evaluationsFor((steps * perStep) / evaluationExamples) : 0;
  const evalStrategy = given.evalStrategy ?? (evaluates ? 'steps' : 'no');
  const loadBestModelAtEnd =
    given.loadBestModelAtEnd ?? (facts.hasOutput && evaluations > 1 && evaluationExamples >= ENOUGH_TO_JUDGE);
  return {
    learningRate: given.learningRate ?? strategy.learningRate(facts.width),
    numTrainEpochs,
    perDeviceTrainBatchSize,
    weightDecay: given.weightDecay ?? 0.01,
    warmupRatio: given.warmupRatio ?? (given.warmupSteps > 0 ? 0 : 0.1),
    classWeights: given.classWeights ?? (facts.uneven ? 'balanced' : 'none'),
    holdOutShare: given.holdOutShare ?? 0,
    evalStrategy,
    ...(evalStrategy === 'steps' ? { evalSteps: given.evalSteps ?? Math.ceil(steps / evaluations) } : {}),
    loadBestModelAtEnd,
    metricForBestModel: given.metricForBestModel ?? (facts.uneven ? 'macroF1' : facts.mainMetric),
    earlyStoppingPatience:
      given.earlyStoppingPatience ?? (loadBestModelAtEnd ? Math.max(3, Math.ceil(evaluations / 2)) : 0),
  };
}

function batchSizeFor(examples: number): number {
  if (examples < 100) return 8;
  return examples < 5000 ? 16 : 32;
}

/** From 20 epochs for a hundred examples to 3 for ten thousand and 2 beyond; more if there are many classes. */
function epochsFor({ examples, classes, strategy }: RecipeFacts): number {
  const bySize = Math.min(Math.max(250 / Math.sqrt(examples), 2), 20);
  const byClasses = 1 + 0.5 * Math.log10(Math.max(classes / 10, 1));
  return Math.round(bySize * byClasses * strategy.epochFactor);
}

/** Ten at most. @param passes over the evaluation data that see as many examples as training does */
const evaluationsFor = (passes: number): number => Math.floor(Math.min(Math.max(0.75 * passes, 1), 10));
