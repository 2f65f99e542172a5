import { hashTensors, sha256Of } from '@attune/hub/internal';
import { serialize } from '@attune/ir';
import { describeModel } from '../describe-model.js';
import type { Model } from '../model.js';
import type { Objective } from '../objective.js';
import type { Strategy } from '../strategy.js';
import { VERSION } from '../version.js';
import { isGreaterBetter } from './best.js';
import type { Evaluator } from './evaluator.js';
import type { TrainableModel } from './trainable-model.js';
import type { ResolvedOptions } from './trainer-options.js';
import { argumentsOfRole, type GivenArguments } from './training-arguments.js';

export interface IdentityOptions {
  readonly strategies: readonly Strategy[];
  readonly objective: Objective;
  readonly model: Pick<TrainableModel, 'model' | 'weights' | 'created'>;
  /** Names of the parameters that train: a checkpoint holds their values, however they began. */
  readonly trainable: ReadonlySet<string>;
  readonly backend: string;
  readonly evaluator: (() => Evaluator) | undefined;
}

/**
 * What decides over the weights that a run ends with, beside its arguments and its data, as plain JSON: compared when a
 * run is resumed, and known before anything is tokenized.
 */
export async function modelIdentity({
  strategies,
  objective,
  model: { model, weights, created = [] },
  trainable,
  backend,
  evaluator,
}: IdentityOptions): Promise<Readonly<Record<string, unknown>>> {
  const isReplaced = (name: string) => created.includes(name) && trainable.has(name);
  return {
    evaluator: evaluatorIdentity(evaluator?.()),
    objective: { name: objective.name, ...objective.options },
    strategy: strategies.map((strategy) => ({ name: strategy.name, ...strategy.options })),
    version: VERSION,
    backend,
    architecture: { config: model.config, program: programHash(model) },
    model: await hashTensors([...weights].filter(([name]) => !isReplaced(name))),
  };
}

/** The arguments that decide over the weights; null for those that are not set. */
export function argumentsIdentity(options: GivenArguments): Readonly<Record<string, unknown>> {
  const given: Readonly<Record<string, unknown>> = { ...options, greaterIsBetter: isGreaterBetter(options) };
  return Object.fromEntries(
    argumentsOfRole('weights', 'length', 'evaluation').map((name) => [name, given[name] ?? null]),
  );
}

const evaluatorIdentity = (evaluator: Evaluator | undefined) =>
  evaluator ? { outputs: evaluator.outputNames, metrics: evaluator.metricNames ?? null } : null;

const programHash = (model: Model): string => sha256Of(serialize(describeModel(model).program));

/**
 * Fingerprints of the data.
 * @param before those of data that are not encoded or not split yet, as may be what there is to evaluate on
 */
export function dataIdentity(
  { train, evaluation }: Pick<ResolvedOptions, 'train' | 'evaluation'>,
  before: Readonly<Record<string, unknown>> = { evaluation: null },
): Readonly<Record<string, unknown>> {
  return {
    data: 'fingerprint' in train ? train.fingerprint : before.data,
    evaluation: evaluation && 'fingerprint' in evaluation ? evaluation.fingerprint : before.evaluation,
  };
}
