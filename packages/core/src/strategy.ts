import type { Storage } from '@attune/hub';
import { AttuneError, type HostTensor, type Value } from '@attune/ir';
import type { Model, Values } from './model.js';
import type { StateSlot } from './optimizers/optimizer.js';
import type { StrategyRecipe } from './recipe/recipe.js';
import type { LayerRewrite, ParameterSpec } from './scope.js';

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
  /** All that the strategies together let train. */
  readonly trainable: readonly ParameterSpec[];
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
  /** The layers that it changes, so that two strategies that cannot share one are refused. */
  readonly claims?: readonly LayerClaim[];
  /** Puts something around the whole model, such as virtual tokens in front of each row; its parameters stay as they are. */
  wrap?(model: Model): Model;
  /**
   * Whether the parameter trains. `before` is what the strategies before this one decided (false for the first). Absent for
   * one that leaves that to the others: if all do, everything trains.
   */
  trainable?(parameter: ParameterSpec, before: boolean): boolean;
  /** Whether the parameter stays as it is whatever other strategies, before or after this one, decide. */
  freezes?(parameter: ParameterSpec): boolean;
  /**
   * Whether the parameter begins by its initializer in place of the weights of the model.
   * @param changes whether training changes it; a strategy refuses what would stay at random
   * @throws AttuneError `E_STRATEGY`
   */
  startsAnew?(parameter: ParameterSpec, changes: boolean): boolean;
  /** Whether dropout is active at a path while training; everywhere where absent. */
  dropoutAt?(path: string): boolean;
  /** Factor on the learning rate of a parameter, 1 where absent. */
  learningRateScale?(parameter: ParameterSpec): number;
  stages?(plan: TrainingPlan): readonly Stage[];
  /** What is added to the loss for the parameter itself, in each optimizer step; undefined for none. */
  penalty?(parameter: ParameterSpec): Penalty | undefined;
  /** What it does behind each optimizer step, such as giving ranks to the layers that need them. @throws AttuneError `E_STRATEGY` */
  afterUpdate?(plan: TrainingPlan): AfterUpdate;
  /** Folds the strategy's parameters into the base: the weights of a plain model. */
  merge?(weights: ReadonlyMap<string, HostTensor>): ReadonlyMap<string, HostTensor>;
  /** What is saved in place of a whole model: a PEFT adapter that names its base. */
  readonly adapter?: AdapterFormat;
}

/** A term of the loss that depends on a parameter alone, such as its distance from where it began. */
export interface Penalty {
  /** Its names of the tensors that it compares the parameter with, all of the parameter's shape. */
  readonly reads: readonly string[];
  /** Those tensors, which stay on the device unchanged. @param start the parameter before training */
  tensors(start: HostTensor): Readonly<Record<string, HostTensor>>;
  /** The term itself, a scalar: events show the loss without it. */
  value?(parameter: Value): Value;
  /** Its gradient, which the step adds to that of the loss before clipping. */
  gradient(parameter: Value, tensors: Values): Value;
}

/** What follows the update of all parameters in the program of a step. */
export interface AfterUpdate {
  /** Tensors that it carries from step to step, by its own names. */
  readonly slots: Readonly<Record<string, StateSlot>>;
  /** @returns the parameters that it changes, and all slots */
  apply(context: AfterUpdateContext): { readonly parameters: Values; readonly state: Values };
}

export interface AfterUpdateContext {
  /** Those that train in this stage as the optimizer leaves them, by their names. */
  readonly parameters: Values;
  /** Theirs, after clipping. */
  readonly gradients: Values;
  readonly state: Values;
  /** The optimizer step, an i32 scalar from 0. */
  readonly step: Value;
}

/** A layer that a strategy changes. */
export interface LayerClaim {
  readonly path: string;
  /** The strategy's name, and for an adapter its own: `lora "default"`. Two of the same name cannot share a layer. */
  readonly by: string;
  /** True if what it does to the layer cannot be added to what another strategy does. */
  readonly isExclusive: boolean;
}

/** How a strategy's parameters become a PEFT adapter directory. */
export interface AdapterFormat {
  /** Writes adapter_config.json and the adapter's weights; into a folder of the adapter's name if that is not `default`. */
  save(storage: Storage, weights: ReadonlyMap<string, HostTensor>, base: string): Promise<void>;
}

/** Several strategies as one: `rewrites` in place of a single one. */
export interface CombinedAdaptation extends Omit<Adaptation, 'rewrite' | 'claims' | 'penalty' | 'afterUpdate'> {
  readonly rewrites: readonly LayerRewrite[];
  trainable(parameter: ParameterSpec, before: boolean): boolean;
  /** Those of all strategies. */
  penalties(parameter: ParameterSpec): readonly Penalty[];
  /** Those of all strategies, in their order. */
  afterUpdates(plan: TrainingPlan): readonly AfterUpdate[];
}

/**
 * Several strategies as one, in their order.
 * @throws AttuneError `E_STRATEGY` for two that want the same layer and cannot share it
 */
export function combineAdaptations(adaptations: readonly Adaptation[]): CombinedAdaptation {
  requireOwnLayers(adaptations);
  const adapters = adaptations.flatMap(({ adapter }) => (adapter ? [adapter] : []));
  const merging = adaptations.filter((each) => each.merge);
  const staged = adaptations.findLast((each) => each.stages);
  return {
    rewrites: adaptations.flatMap(({ rewrite }) => (rewrite ? [rewrite] : [])),
    wrap: (model) => adaptations.reduce((inner, each) => each.wrap?.(inner) ?? inner, model),
    trainable(parameter, before) {
      if (adaptations.some((each) => each.freezes?.(parameter))) return false;
      const isAll = adaptations.length > 0 && adaptations.every((each) => !each.trainable);
      return adaptations.reduce((trains, each) => each.trainable?.(parameter, trains) ?? trains, isAll || before);
    },
    startsAnew: (parameter, changes) => adaptations.some((each) => each.startsAnew?.(parameter, changes)),
    penalties: (parameter) => adaptations.flatMap((each) => each.penalty?.(parameter) ?? []),
    afterUpdates: (plan) => adaptations.flatMap((each) => each.afterUpdate?.(plan) ?? []),
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

function requireOwnLayers(adaptations: readonly Adaptation[]): void {
  const claimed = new Map<string, readonly LayerClaim[]>();
  for (const claim of adaptations.flatMap(({ claims = [] }) => claims)) {
    const others = claimed.get(claim.path) ?? [];
    const other = others.find(({ by, isExclusive }) => isExclusive || claim.isExclusive || by === claim.by);
    if (other) {
      throw new AttuneError('E_STRATEGY', `${other.by} and ${claim.by} both want the layer ${claim.path}.`, {
        field: 'strategy',
        hint: 'Give each its own targetModules or adapterName, or merge one into the base first.',
      });
    }
    claimed.set(claim.path, [...others, claim]);
  }
}
