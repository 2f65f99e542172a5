/** Phases of a run, as strategies such as gradual unfreezing ask for them: which parameters train from which step on. */
import { AttuneError } from '@attune/ir';
import type { ParameterSpec } from '../scope.js';
import type { TrainingPlan } from '../strategy.js';
import type { AdaptedModel } from './adapted-model.js';

export interface RunStage {
  readonly name: string;
  /** The optimizer step, from 0, that the stage begins with. */
  readonly firstStep: number;
  readonly trainable: readonly ParameterSpec[];
}

/** What strategies plan with. */
export const planOf = ({ parameters, trainable }: AdaptedModel, steps: number, epochs: number): TrainingPlan => ({
  steps,
  epochs,
  trainable: parameters.filter(({ name }) => trainable.has(name)),
});

/**
 * The stages of a run in their order, the first from step 0 on; one stage with all that trains where no strategy has
 * stages. A parameter trains in a stage where the strategies and the stage agree.
 * @throws AttuneError `E_STRATEGY` where a stage trains nothing
 */
export function stagesOf(adapted: AdaptedModel, steps: number, epochs: number): RunStage[] {
  const plan = planOf(adapted, steps, epochs);
  const { trainable: all } = plan;
  const stages = adapted.adaptation.stages?.(plan) ?? [];
  if (stages.length === 0) return [{ name: 'all', firstStep: 0, trainable: all }];
  return stages
    .map((stage) => ({
      name: stage.name,
      firstStep: Math.round(stage.start * steps),
      trainable: all.filter((parameter) => stage.trainable(parameter)),
    }))
    .sort((a, b) => a.firstStep - b.firstStep)
    .map((stage, index) => {
      if (stage.trainable.length === 0) {
        throw new AttuneError('E_STRATEGY', `In the stage "${stage.name}" no parameter trains.`, { field: stage.name });
      }
      return index === 0 ? { ...stage, firstStep: 0 } : stage;
    });
}

/** The stage that a step belongs to. */
export const stageAt = (stages: readonly RunStage[], step: number): RunStage =>
  stages.findLast(({ firstStep }) => firstStep <= step) ?? stages[0]!;

/** The step, from 0, at which each parameter begins to train. */
export function firstSteps(stages: readonly RunStage[]): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  for (const { firstStep, trainable } of stages) {
    for (const { name } of trainable) if (!first.has(name)) first.set(name, firstStep);
  }
  return first;
}
