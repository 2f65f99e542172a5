import {
  type Adaptation,
  describeModel,
  fullRecipe,
  kaimingUniform,
  type LayerCall,
  type LayerInfo,
  type Model,
  roundedRate,
  type Strategy,
  type StrategyRecipe,
} from '@attune/core';
import { AttuneError, add, embedding, mul, project, transpose, type Value } from '@attune/ir';
import { ModuleNames } from '../module-names.js';
import { modulesWithAdapter } from '../task-head.js';
import { adapterFormat } from './files.js';
import { mergeLora } from './merge.js';
import { isAdapterParameter } from './names.js';
import { type LoraOptions, type LoraSettings, parseLoraOptions } from './options.js';
import { type LayerScale, layerRules } from './targets.js';

/** What the parts of a LoRA adapter need to know of each other. */
export interface LoraPlan {
  readonly settings: LoraSettings;
  readonly modulesToSave: readonly string[];
  /** `modulesToSave`, to look paths up in. */
  readonly saved: ModuleNames;
  /** The layers that are adapted, by their paths. */
  readonly targets: ReadonlyMap<string, LayerInfo & LayerScale>;
  readonly model: Model;
}

/**
 * Ten times the rate of full fine-tuning (Hu et al. 2021, table 9: 4e-4 to 5e-4 for RoBERTa-base, whose full rate is 2e-5
 * to 5e-5; Schulman et al. 2025 find the same ratio).
 */
const loraRecipe: StrategyRecipe = {
  learningRate: (width) => roundedRate(10 * fullRecipe.learningRate(width)),
  epochFactor: 1.5,
};

/**
 * Low-rank adaptation (Hu et al. 2021), as PEFT has it: a frozen layer's output plus scaling * B A x, where A starts
 * at random and B at 0. Embeddings are adapted likewise.
 * @throws AttuneError `E_CONFIG` for options that are wrong; `E_STRATEGY` (in `adapt`) where no layer is a target
 */
export function lora(options: LoraOptions = {}): Strategy {
  const settings = parseLoraOptions(options);
  return {
    name: 'lora',
    recipe: loraRecipe,
    options: settings,
    adapt: (model, created) => adaptation(planOf(model, settings, created)),
  };
}

/** @param created parameters of the model that no file has */
export function planOf(model: Model, given: LoraSettings, created: readonly string[] = []): LoraPlan {
  const { targetModules = model.adapterTargets ?? ['query', 'value'] } = given;
  const settings = { ...given, targetModules: typeof targetModules === 'string' ? targetModules : [...targetModules] };
  const modulesToSave = settings.modulesToSave ?? modulesWithAdapter(model, created);
  const { layers } = describeModel(model);
  const rules = layerRules(settings, modulesToSave);
  const targets = new Map(
    layers.filter(rules.isTarget).map((layer) => [layer.path, { ...layer, ...rules.scaleOf(layer.path) }]),
  );
  if (targets.size === 0) {
    const kinds = [...new Set(layers.map(({ path }) => path.split('.').at(-1)))];
    throw new AttuneError(
      'E_STRATEGY',
      `targetModules ${shortened(settings.targetModules)} match no layer of this ${model.architecture}; its layers end in ${kinds.join(', ')}.`,
      { field: 'targetModules' },
    );
  }
  return { settings, modulesToSave, saved: new ModuleNames(modulesToSave), targets, model };
}

const shortened = (value: unknown): string => {
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
};

function adaptation(plan: LoraPlan): Adaptation {
  const { settings, saved, targets } = plan;
  const isBias = (name: string) => name.endsWith('.bias');
  const ownBias = (name: string) => targets.has(name.slice(0, -'.bias'.length));
  return {
    rewrite(call) {
      const scale = targets.get(call.scope.path);
      return scale && adapted(call, settings, scale);
    },
    trainable({ name }, before) {
      if (before || settings.inferenceMode) return before;
      if (isAdapterParameter(name, settings.adapterName)) return true;
      if (saved.hold(name)) return true;
      return isBias(name) && (settings.bias === 'all' || (settings.bias === 'lora_only' && ownBias(name)));
    },
    merge: (weights) => mergeLora(weights, plan),
    adapter: adapterFormat(plan),
  };
}

function adapted(call: LayerCall, settings: LoraSettings, { rank, scaling }: LayerScale): Value {
  const update = call.kind === 'embedding' ? embeddingUpdate(call, settings, rank) : linearUpdate(call, settings, rank);
  return add(call.base(call.input), mul(update, scaling));
}

function linearUpdate({ scope, input, shape: [out, width] }: LayerCall, settings: LoraSettings, rank: number): Value {
  const { adapterName, dropout, loraBias } = settings;
  const a = scope.parameter(`lora_A.${adapterName}.weight`, [rank, width!], kaimingUniform(width!));
  const b = scope.parameter(`lora_B.${adapterName}.weight`, [out!, rank], { kind: 'constant', value: 0 });
  const lifted = project(project(scope.dropout(input, dropout, `lora_dropout.${adapterName}`), a), b);
  if (!loraBias) return lifted;
  return add(lifted, scope.parameter(`lora_B.${adapterName}.bias`, [out!], { kind: 'constant', value: 0 }));
}

function embeddingUpdate(
  { scope, input, shape: [rows, width], paddingIndex }: LayerCall,
  settings: LoraSettings,
  rank: number,
): Value {
  const a = scope.parameter(`lora_embedding_A.${settings.adapterName}`, [rank, rows!], { kind: 'constant', value: 0 });
  const b = scope.parameter(`lora_embedding_B.${settings.adapterName}`, [width!, rank], {
    kind: 'normal',
    standardDeviation: 1,
  });
  return project(embedding(transpose(a, [1, 0]), input, paddingIndex), b);
}
