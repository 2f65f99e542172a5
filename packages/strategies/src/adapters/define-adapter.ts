/** Adapter methods that change layers: a definition says how one layer changes, the rest is here. */
import type {
  AfterUpdate,
  LayerClaim,
  LayerRewrite,
  Model,
  ParameterSpec,
  Penalty,
  StrategyRecipe,
  TrainingPlan,
  WeightLayerKind,
} from '@attune/core';
import { describeModel, type LayerInfo } from '@attune/core/internal';
import { AttuneError } from '@attune/ir';
import { type AdaptedLayer, adaptedLayer } from './adapted-layer.js';
import { configOf, type FieldNames } from './config-fields.js';
import { changedOutput, type LayerChange } from './layer-change.js';
import { type FoldedLayer, foldingOf } from './merge.js';
import { type AdapterFileRules, type AdapterMethod, type AdapterPlan, adapterMethod, type Weights } from './method.js';
import { ModuleNames } from './module-names.js';
import { shortened } from './shortened.js';
import { type TargetSettings, targetFields } from './target-options.js';
import { type ChosenTargets, defaultTargets, layerTest } from './targets.js';
import { modulesWithAdapter } from './task-head.js';

/** A parameter that the method adds. */
export interface AdapterParameter {
  /** Whether it stays as it began; false by default. */
  readonly isFrozen?: boolean;
  /** Whether all layers share it; each has its own by default. */
  readonly isShared?: boolean;
  /** Whether it is frozen and in no file: it is made from the base again; false by default. */
  readonly isMadeAgain?: boolean;
}

export interface AdapterDefinition<Settings extends TargetSettings> extends FieldNames {
  readonly name: string;
  /** PEFT's name of it. */
  readonly peftType: string;
  /** Rate and epochs that suit it. */
  readonly recipe: StrategyRecipe;
  /** The options with their defaults. @throws AttuneError `E_CONFIG` */
  parse(options: unknown): Settings;
  /** The kinds of layers that it can change. */
  readonly kinds: Readonly<Record<WeightLayerKind, boolean>>;
  /** The layers that it changes by default, where a model has them; those of the model by default. */
  readonly defaultTargets?: readonly string[];
  /** What else is to know of its files; nothing by default. */
  readonly file?: Partial<Omit<AdapterFileRules, 'fields'>>;
  /** The parameters that it adds, by the first part of their names in the layer's scope: `lora_A`. */
  readonly parameters: Readonly<Record<string, AdapterParameter>>;
  /** Whether its change of a layer cannot be added to another adapter's; false by default. */
  readonly isExclusive?: boolean;
  /** Factor on the learning rate of a part of it; 1 by default. */
  learningRateScale?(settings: Settings, part: string): number;
  /** A term of the loss for a part of it in one of so many layers; none by default. */
  penalty?(settings: Settings, part: string, layers: number): Penalty | undefined;
  /** What it does behind each optimizer step; nothing by default. @throws AttuneError `E_STRATEGY` */
  afterUpdate?(settings: Settings, layers: readonly FoldedLayer[], plan: TrainingPlan): AfterUpdate;
  /** What is saved in its place, if not the adapter itself. */
  toSave?(
    settings: Settings,
    weights: Weights,
  ): Promise<{ readonly settings: Settings; readonly weights: Weights } | undefined>;
  /** How the layers change. */
  change(settings: Settings, targets: readonly FoldedLayer[]): (layer: AdaptedLayer) => LayerChange;
}

export function defineAdapter<Settings extends TargetSettings>(definition: AdapterDefinition<Settings>): AdapterMethod {
  const { name, peftType, recipe, parse, fields, file = {} } = definition;
  const lacking: readonly string[] = definition.withoutFields ?? [];
  const ofTargets = Object.entries(targetFields).filter(([option]) => !lacking.includes(option));
  return adapterMethod({
    name,
    peftType,
    recipe,
    isMergeable: true,
    parse,
    file: {
      harmless: [],
      refused: [],
      isOf: () => true,
      ...file,
      fields: { ...Object.fromEntries(ofTargets), ...fields },
      constants: { peft_type: peftType, inference_mode: true, fan_in_fan_out: false, ...file.constants },
    },
    plan: (model, settings, created) => planOf(definition, model, settings, created),
  });
}

function planOf<Settings extends TargetSettings>(
  definition: AdapterDefinition<Settings>,
  model: Model,
  given: Settings,
  created: readonly string[],
): AdapterPlan {
  const settings = {
    ...given,
    targetModules: given.targetModules ?? [...(definition.defaultTargets ?? model.adapterTargets ?? defaultTargets)],
  };
  const { adapterName, bias = 'none' } = settings;
  const { afterUpdate } = definition;
  const modulesToSave = settings.modulesToSave ?? modulesWithAdapter(model, created);
  const saved = new ModuleNames(modulesToSave);
  const targets = targetsOf(definition, model, settings, modulesToSave);
  const change = definition.change(settings, [...targets.values()]);
  const parts = Object.keys(definition.parameters).join('|');
  const pattern = new RegExp(`((?:^|\\.)(${parts}))\\.${adapterName}(?=\\.|$)`);
  const partOf = (parameter: string) => definition.parameters[pattern.exec(parameter)?.[2] ?? ''];
  const layerOfBias = (parameter: string) =>
    parameter.endsWith('.bias') ? parameter.slice(0, -'.bias'.length) : undefined;
  const claims = [...targets.keys()].map((path): LayerClaim => {
    return { path, by: `${definition.name} "${adapterName}"`, isExclusive: definition.isExclusive ?? false };
  });
  const rewrite: LayerRewrite = (call) =>
    'weight' in call && targets.has(call.scope.path)
      ? changedOutput(call, change(adaptedLayer(call, adapterName)))
      : undefined;
  /** What a method calls a parameter of its own. */
  const ownPart = ({ name }: ParameterSpec) => pattern.exec(name)?.[2];
  return {
    method: definition.name,
    settings,
    model,
    modulesToSave,
    saved,
    targets: [...targets.keys()],
    adaptation: {
      rewrite,
      claims,
      learningRateScale(parameter) {
        const part = ownPart(parameter);
        return part === undefined ? 1 : (definition.learningRateScale?.(settings, part) ?? 1);
      },
      penalty(parameter) {
        const part = ownPart(parameter);
        return part === undefined ? undefined : definition.penalty?.(settings, part, targets.size);
      },
      ...(afterUpdate && !settings.inferenceMode
        ? { afterUpdate: (plan: TrainingPlan) => afterUpdate(settings, [...targets.values()], plan) }
        : {}),
    },
    own(parameter) {
      const part = partOf(parameter);
      return part && (part.isFrozen || part.isMadeAgain ? 'frozen' : 'trained');
    },
    trainsOfBase(parameter) {
      const layer = layerOfBias(parameter);
      return layer !== undefined && (bias === 'all' || (bias !== 'none' && targets.has(layer)));
    },
    keyOf(parameter) {
      const part = partOf(parameter);
      if (part?.isMadeAgain) return undefined;
      if (part) return `base_model.${part.isShared ? '' : 'model.'}${parameter.replace(pattern, '$1')}`;
      if (saved.hold(parameter)) return `base_model.model.${parameter}`;
      const layer = layerOfBias(parameter);
      if (layer === undefined || bias === 'none') return undefined;
      if (targets.has(layer)) return `base_model.model.${layer}.base_layer.bias`;
      return bias === 'all' ? `base_model.model.${parameter}` : undefined;
    },
    optionalKeys: embeddingKeys(model),
    config: {
      ...configOf(definition, settings, { model, modulesToSave, targets: [...targets.keys()] }),
      ...([...targets.keys()].some((path) => model.storesTransposed?.(`${path}.weight`))
        ? { fan_in_fan_out: true }
        : {}),
    },
    async toSave(weights) {
      const saved = await definition.toSave?.(settings, weights);
      return saved && { plan: planOf(definition, model, saved.settings, created), weights: saved.weights };
    },
    folding: foldingOf([...targets.values()], change, adapterName),
  };
}

/** @throws AttuneError `E_STRATEGY` if no layer is a target */
function targetsOf<Settings extends TargetSettings>(
  { kinds }: AdapterDefinition<Settings>,
  model: Model,
  settings: ChosenTargets,
  modulesToSave: readonly string[],
): ReadonlyMap<string, FoldedLayer> {
  const hasWeight = (kind: LayerInfo['kind']): kind is WeightLayerKind => Object.hasOwn(kinds, kind);
  const layers = describeModel(model).layers.flatMap(({ kind, ...layer }): FoldedLayer[] =>
    hasWeight(kind) && kinds[kind] ? [{ ...layer, kind }] : [],
  );
  const outputLayers = layers.filter((layer) => isOutput(model, layer)).map(({ path }) => path);
  const targets = layers.filter(layerTest(settings, modulesToSave, outputLayers));
  if (targets.length > 0) return new Map(targets.map((layer) => [layer.path, layer]));
  const ends = new Set(layers.map(({ path }) => path.split('.').at(-1)));
  throw new AttuneError(
    'E_STRATEGY',
    `targetModules ${shortened(JSON.stringify(settings.targetModules), 200)} match no layer of this ${model.architecture}; its layers end in ${[...ends].join(', ')}.`,
    { field: 'targetModules' },
  );
}

/** Whether a layer makes a score for each token. */
const isOutput = ({ config }: Model, { kind, shape }: Pick<LayerInfo, 'kind' | 'shape'>): boolean =>
  kind === 'linear' && shape[0] === config.vocab_size;

/** What PEFT's `save_embedding_layers` adds: embeddings and output layer, as a new vocabulary needs them. */
function embeddingKeys(model: Model): readonly (readonly [string, string])[] {
  return describeModel(model).layers.flatMap((layer) => {
    const { path, kind } = layer;
    const name = `${path}.weight`;
    if (kind !== 'embedding' && !isOutput(model, layer)) return [];
    return [name, `${path}.base_layer.weight`].map((key) => [`base_model.model.${key}`, name] as const);
  });
}
