/** A run's data as batches, with the arguments that suit them. */
import { AttuneError } from '@attune/ir';
import type { TokenizedDataset } from '../dataset.js';
import type { Objective } from '../objective.js';
import { balancedWeights, countClasses, isUneven } from '../recipe/class-weights.js';
import { chooseRecipe, fullRecipe, holdOutShare } from '../recipe/recipe.js';
import type { RecipeEvent } from './events.js';
import { StepPlan } from './steps.js';
import { type EncodedData, type EncodedOptions, evaluationArgument, requireNoEvaluation } from './trainer-options.js';
import { type GivenArguments, recipeArgumentNames, type TrainingArguments } from './training-arguments.js';

export interface PreparedRun {
  readonly options: EncodedOptions;
  readonly arguments: TrainingArguments;
  readonly plan: StepPlan;
  readonly warnings: readonly string[];
  readonly recipe: RecipeEvent;
}

/**
 * Holds a part of the data out for evaluation if there is nothing else to evaluate on, and completes the arguments.
 * @param given the arguments that are not left open
 * @param own those of them that the user gave
 * @throws AttuneError `E_CONFIG` if arguments need evaluations and there is nothing to evaluate on
 */
export function prepareRun(
  { options, warnings }: EncodedData,
  given: GivenArguments,
  own: GivenArguments,
): PreparedRun {
  const { train, heldOut, share } = splitFor(options, given);
  const evaluation = options.evaluation ?? heldOut;
  if (!evaluation) requireNoEvaluation(given);
  const { model, objective, strategy, evaluator, output } = options;
  const { mainMetric = 'loss', metricNames = [] } = evaluator?.() ?? {};
  const { classes } = objective;
  const counts = classes === undefined ? [] : countClasses(train, classes);
  const recipe = chooseRecipe(given, {
    examples: train.length,
    evaluationExamples: evaluation?.length ?? 0,
    classes: classes ?? 1,
    uneven:
      !given.balancedSampling &&
      objective.weighted !== undefined &&
      mainMetric === 'accuracy' &&
      metricNames.includes('macroF1') &&
      isUneven(counts),
    width: model.model.width ?? BERT_BASE_WIDTH,
    strategy: [strategy].flat().findLast((each) => each.recipe)?.recipe ?? fullRecipe,
    mainMetric,
    hasOutput: output !== undefined && given.saveStrategy !== 'no',
  });
  const completed: TrainingArguments = { ...given, ...recipe, holdOutShare: share };
  const weighted = weightedObjective(objective, completed.classWeights, counts);
  return {
    options: { ...options, train, ...(evaluation ? { evaluation } : {}), objective: weighted },
    arguments: completed,
    plan: new StepPlan(train, completed),
    warnings,
    recipe: {
      type: 'recipe',
      arguments: completed,
      chosen: recipeArgumentNames.filter((name) => own[name] === undefined),
      examples: train.length,
      heldOut: heldOut?.length ?? 0,
      data: { train: train.fingerprint, evaluation: evaluation?.fingerprint ?? null },
    },
  };
}

/** What a model without a width counts as. */
const BERT_BASE_WIDTH = 768;

interface Split {
  readonly train: TokenizedDataset;
  readonly heldOut?: TokenizedDataset | undefined;
  readonly share: number;
}

function splitFor({ train, evaluation }: EncodedOptions, given: GivenArguments): Split {
  const needed = evaluationArgument(given) !== undefined;
  const share = evaluation || !train.holdOut ? 0 : holdOutShare(given, train.length, needed);
  return share > 0 && train.holdOut ? { ...train.holdOut({ share, seed: given.seed }), share } : { train, share: 0 };
}

/** @throws AttuneError `E_CONFIG` for weights that do not fit the classes, or for an objective without classes */
function weightedObjective(
  objective: Objective,
  weights: TrainingArguments['classWeights'],
  counts: readonly number[],
): Objective {
  if (weights === 'none') return objective;
  if (!objective.weighted) {
    throw new AttuneError(
      'E_CONFIG',
      `classWeights are for one label per text; ${objective.name} has no such classes.`,
      {
        field: 'classWeights',
      },
    );
  }
  return objective.weighted(weights === 'balanced' ? balancedWeights(counts) : weights);
}
