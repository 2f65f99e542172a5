/** What every adapter method gives, whatever it adapts: commands, files and tests know methods by this alone. */
import type { Adaptation, Model, Strategy, StrategyRecipe } from '@attune/core';
import { unpackedWeights } from '@attune/core/internal';
import { type AdapterFiles, saveAdapter } from '@attune/hub';
import type { HostTensor } from '@attune/ir';
import { transposed } from '@attune/ir/internal';
import type { ModuleNames } from './module-names.js';
import type { CommonSettings } from './target-options.js';

export type Weights = ReadonlyMap<string, HostTensor>;

/** How a method lies in PEFT's files, or in AdapterHub's. */
export interface AdapterFileRules {
  /** Its options with the field of adapter_config.json that holds each. */
  readonly fields: Readonly<Record<string, string>>;
  /** Fields that are always written, with their values. */
  readonly constants: Readonly<Record<string, unknown>>;
  /** Fields that change nothing here, whatever they say. */
  readonly harmless: readonly string[];
  /** Fields that have to be off, because Attune does not have what they turn on. */
  readonly refused: readonly string[];
  /** Options of a file beside those that its fields hold as they are; none by default. */
  options?(config: AdapterFiles['config'], tensors: AdapterFiles['tensors']): Readonly<Record<string, unknown>>;
  /** Of several methods with one `peft_type`: whether a file is of this one. */
  isOf(config: AdapterFiles['config']): boolean;
  /** How it is written; as PEFT does by default. */
  readonly save?: typeof saveAdapter;
  /** What else speaks against a file. */
  problem?(config: AdapterFiles['config']): FileProblem | undefined;
}

interface FileProblem {
  readonly field: string;
  /** Behind the file's name. */
  readonly message: string;
  readonly hint?: string;
}

export interface AdapterMethod {
  readonly name: string;
  /** PEFT's name of it, which several methods may have; BOTTLENECK for AdapterHub's. */
  readonly peftType: string;
  readonly file: AdapterFileRules;
  /** Whether a model's weights can hold what it does; virtual tokens are beside them. */
  readonly isMergeable: boolean;
  /** The names of its options. */
  readonly optionNames: readonly string[];
  /** The options with their defaults. @throws AttuneError `E_CONFIG` that lists all problems */
  parse(options: unknown): CommonSettings;
  /** @throws AttuneError `E_CONFIG` for options that are wrong; `E_STRATEGY` (in `adapt`) where it does not fit a model */
  strategy(options?: unknown): Strategy;
  /**
   * An adapter of a model.
   * @param options not checked yet
   * @param created parameters of the model that no file has
   * @throws AttuneError `E_CONFIG`, `E_STRATEGY`
   */
  plan(model: Model, options: unknown, created?: readonly string[]): AdapterPlan;
}

/** An adapter of one model, before it has weights. */
export interface AdapterPlan {
  readonly method: string;
  readonly settings: CommonSettings;
  readonly model: Model;
  readonly modulesToSave: readonly string[];
  /** `modulesToSave`, to look paths up in. */
  readonly saved: ModuleNames;
  /** Paths of the layers that it changes. */
  readonly targets: readonly string[];
  readonly adaptation: Omit<Adaptation, 'merge' | 'adapter' | 'trainable'>;
  /** Whether a parameter is the adapter's, and then whether it trains; undefined for those of the base. */
  own(name: string): 'trained' | 'frozen' | undefined;
  /** Whether a parameter of the base outside `modulesToSave` trains. */
  trainsOfBase(name: string): boolean;
  /** The name of a parameter in PEFT's file, undefined for parameters that are not saved. */
  keyOf(name: string): string | undefined;
  /** Further names under which PEFT may have saved parameters of the base: key and parameter. */
  readonly optionalKeys: readonly (readonly [string, string])[];
  /** adapter_config.json, but for what every method writes. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The adapter that is saved in its place; undefined for itself. */
  toSave?(weights: Weights): Promise<{ readonly plan: AdapterPlan; readonly weights: Weights } | undefined>;
  /** Absent if it cannot be folded into the weights. */
  readonly folding?: Folding;
}

/** How an adapter goes into the weights of its base and out again. */
export interface Folding {
  /** The base's weights with the adapter in them, beside the adapter's parameters. */
  merge(weights: Weights): Map<string, HostTensor>;
  /** The base's weights without the adapter, up to rounding; absent if merging loses what that needs. */
  unmerge?(merged: Weights, adapter: Weights): Map<string, HostTensor>;
}

/** What a method is made of. */
export interface MethodParts<Settings extends CommonSettings> {
  readonly name: string;
  readonly peftType: string;
  readonly recipe: StrategyRecipe;
  readonly file: AdapterFileRules;
  readonly isMergeable: boolean;
  parse(options: unknown): Settings;
  plan(model: Model, settings: Settings, created: readonly string[]): AdapterPlan;
}

export function adapterMethod<Settings extends CommonSettings>(parts: MethodParts<Settings>): AdapterMethod {
  const { name, peftType, recipe, file, isMergeable, parse } = parts;
  return {
    name,
    peftType,
    file,
    isMergeable,
    optionNames: [...new Set([...Object.keys(file.fields), ...Object.keys(parse({}))])],
    parse,
    plan: (model, options, created = []) => parts.plan(model, parse(options), created),
    strategy(options) {
      const settings = parse(options ?? {});
      return {
        name,
        recipe,
        options: { ...settings },
        adapt: (model, created = []) => adaptationOf(parts.plan(model, settings, created), file),
      };
    },
  };
}

/** What strategies need of an adapter. */
function adaptationOf(plan: AdapterPlan, file: AdapterFileRules): Adaptation {
  const { folding, settings, saved } = plan;
  return {
    ...plan.adaptation,
    trainable({ name }, before) {
      if (before || settings.inferenceMode) return before;
      const own = plan.own(name);
      return own ? own === 'trained' : saved.hold(name) || plan.trainsOfBase(name);
    },
    ...(folding
      ? { merge: (weights: Weights) => withoutOwn(folding.merge(unpackedWeights(plan.model, weights)), plan) }
      : {}),
    adapter: {
      async save(storage, weights, base) {
        const saved = (await plan.toSave?.(weights)) ?? { plan, weights };
        const tensors = new Map<string, HostTensor>();
        for (const [name, tensor] of saved.weights) {
          const key = saved.plan.keyOf(name);
          if (key !== undefined) tensors.set(key, plan.model.storesTransposed?.(name) ? transposed(tensor) : tensor);
        }
        const config = { ...file.constants, ...saved.plan.config, base_model_name_or_path: base };
        const { adapterName } = settings;
        await (file.save ?? saveAdapter)(storage, config, tensors, adapterName === 'default' ? '' : adapterName);
      },
    },
  };
}

/** @param weights of the base and of adapters */
export function withoutOwn(weights: Map<string, HostTensor>, plan: AdapterPlan): Map<string, HostTensor> {
  for (const name of weights.keys()) if (plan.own(name)) weights.delete(name);
  return weights;
}
