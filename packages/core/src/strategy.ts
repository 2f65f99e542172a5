import type { Storage } from '@attune/hub';
import type { HostTensor } from '@attune/ir';
import type { Model } from './model.js';
import type { StrategyRecipe } from './recipe/recipe.js';
import type { LayerCall, LayerRewrite, ParameterSpec } from './scope.js';

/** A phase of training: what trains in it, and from which fraction of the optimizer steps on. */
export interface Stage {
  readonly name: string;
  /** Fraction of all optimizer steps at which the stage begins; the first stage begins at 0. */
  readonly start: number;
  trainable(parameter: ParameterSpec): boolean;
}

export interface TrainingPlan {
  readonly steps: number;
  readonly epochs: number;
}

/**
 * A fine-tuning strategy: which parameters exist, which train, when, and how fast. Strategies compose: rewrites nest in
 * the order given, a later one decides over what an earlier one left trainable.
 */
export interface Strategy {
  readonly name: string;
  /** Training arguments that suit it; those of full fine-tuning if absent. The last of several strategies decides. */
  readonly recipe?: StrategyRecipe;
  /** Its options as plain JSON, for checkpoints and the fingerprint of a run. */
  readonly options: Readonly<Record<string, unknown>>;
  /**
   * @param created parameters of the model that no file has; none by default
   * @throws AttuneError `E_STRATEGY` where the strategy does not fit the model, naming what it looked for.
   */
  adapt(model: Model, created?: readonly string[]): Adaptation;
}

export interface Adaptation {
  /** Wraps layers by path; new parameters are asked from the layer's scope with an initializer. */
  readonly rewrite?: LayerRewrite;
  /** Whether the parameter trains. `before` is what the strategies before this one decided (false for the first). */
  trainable(parameter: ParameterSpec, before: boolean): boolean;
  /** Whether dropout is active at a path while training; everywhere where absent. */
  dropoutAt?(path: string): boolean;
  /** Factor on the learning rate of a parameter, 1 where absent. */
  learningRateScale?(parameter: ParameterSpec): number;
  stages?(plan: TrainingPlan): readonly Stage[];
  /** Folds the strategy's parameters into the base: the weights of a plain model. */
  merge?(weights: ReadonlyMap<string, HostTensor>): ReadonlyMap<string, HostTensor>;
  /** What is saved in place of a whole model: a PEFT adapter that names its base. */
  readonly adapter?: AdapterFormat;
}

/** How a strategy's parameters become a PEFT adapter directory. */
export interface AdapterFormat {
  /** Writes adapter_config.json and the adapter's weights; into a folder of the adapter's name if that is not `default`. */
  save(storage: Storage, weights: ReadonlyMap<string, HostTensor>, base: string): Promise<void>;
}

/** Several strategies as one, in their order. */
export function combineAdaptations(adaptations: readonly Adaptation[]): Adaptation {
  const adapters = adaptations.flatMap(({ adapter }) => (adapter ? [adapter] : []));
  const merging = adaptations.filter((each) => each.merge);
  const staged = adaptations.findLast((each) => each.stages);
  return {
    rewrite(call) {
      const wrapped = adaptations.reduce<LayerCall>((inner, { rewrite }) => {
        if (!rewrite) return inner;
        return { ...inner, base: (input) => rewrite({ ...inner, input }) ?? inner.base(input) };
      }, call);
      return wrapped.base(call.input);
    },
    trainable: (parameter, before) => adaptations.reduce((trains, each) => each.trainable(parameter, trains), before),
    dropoutAt: (path) => adaptations.every((each) => each.dropoutAt?.(path) ?? true),
    learningRateScale: (parameter) =>
      adaptations.reduce((scale, each) => scale * (each.learningRateScale?.(parameter) ?? 1), 1),
    ...(staged?.stages ? { stages: (plan: TrainingPlan) => staged.stages?.(plan) ?? [] } : {}),
    ...(merging.length > 0
      ? {
          merge: (weights: ReadonlyMap<string, HostTensor>) =>
            merging.reduce((current, each) => each.merge?.(current) ?? current, weights),
        }
      : {}),
    ...(adapters.length > 0
      ? {
          adapter: {
            async save(storage: Storage, weights: ReadonlyMap<string, HostTensor>, base: string) {
              for (const adapter of adapters) await adapter.save(storage, weights, base);
            },
          },
        }
      : {}),
  };
}
