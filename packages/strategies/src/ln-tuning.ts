/** Tuning of normalization layers (Zhao et al. 2023), as PEFT has it. */
import type { Strategy } from '@attune/core';
import { describeModel, parseOptions } from '@attune/core/internal';
import { AttuneError } from '@attune/ir';
import * as z from 'zod/mini';
import { modulesConfig } from './adapters/config-fields.js';
import { adapterMethod } from './adapters/method.js';
import { ModuleNames } from './adapters/module-names.js';
import { commonFields, commonShape, targetProblem, targetShape } from './adapters/target-options.js';
import { layerTest } from './adapters/targets.js';
import { modulesWithAdapter } from './adapters/task-head.js';
import { lowRankRecipe } from './low-rank.js';

const lnTuningSchema = z.strictObject({
  ...commonShape,
  /** Normalization layers, named as for LoRA; all by default. */
  targetModules: targetShape.targetModules,
  excludeModules: targetShape.excludeModules,
});

export type LnTuningOptions = z.input<typeof lnTuningSchema>;
export type LnTuningSettings = z.output<typeof lnTuningSchema>;

/** The weights themselves train; PEFT's files hold them as those of a copy of each layer. */
export const lnTuningMethod = adapterMethod<LnTuningSettings>({
  name: 'ln-tuning',
  peftType: 'LN_TUNING',
  recipe: lowRankRecipe,
  isMergeable: true,
  parse: (options) => parseOptions(lnTuningSchema, options, 'ln-tuning', targetProblem),
  file: {
    fields: { ...commonFields, targetModules: 'target_modules', excludeModules: 'exclude_modules' },
    constants: { peft_type: 'LN_TUNING', inference_mode: true },
    harmless: [],
    refused: [],
    isOf: () => true,
  },
  plan(model, settings, created) {
    const norms = describeModel(model).layers.filter(({ kind }) => kind === 'layer_norm' || kind === 'rms_norm');
    const modulesToSave = settings.modulesToSave ?? modulesWithAdapter(model, created);
    const saved = new ModuleNames(modulesToSave);
    const targetModules = settings.targetModules ?? [...new Set(norms.map(({ path }) => path.split('.').at(-1)!))];
    const targets = norms.filter(layerTest({ ...settings, targetModules }, modulesToSave)).map(({ path }) => path);
    if (targets.length === 0) {
      const paths = norms.slice(0, 3).map(({ path }) => path);
      const message = `targetModules match no normalization layer of this ${model.architecture}; it has ${paths.join(', ') || 'none'}.`;
      throw new AttuneError('E_STRATEGY', message, { field: 'targetModules' });
    }
    const chosen = new Set(targets);
    const by = `ln-tuning "${settings.adapterName}"`;
    const layerOf = (parameter: string) => parameter.slice(0, parameter.lastIndexOf('.'));
    const isChosen = (parameter: string) => chosen.has(layerOf(parameter));
    return {
      method: 'ln-tuning',
      settings,
      model,
      modulesToSave,
      saved,
      targets,
      adaptation: { claims: targets.map((path) => ({ path, by, isExclusive: true })) },
      own: () => undefined,
      trainsOfBase: isChosen,
      keyOf(parameter) {
        if (saved.hold(parameter)) return `base_model.model.${parameter}`;
        const at = parameter.lastIndexOf('.');
        return isChosen(parameter)
          ? `base_model.model.${layerOf(parameter)}.ln_tuning_layers${parameter.slice(at)}`
          : undefined;
      },
      optionalKeys: [],
      config: {
        ...modulesConfig({ model, modulesToSave }),
        target_modules: targetModules,
        exclude_modules: settings.excludeModules ?? null,
      },
      // They are the base's own weights.
      folding: { merge: (weights) => new Map(weights) },
    };
  },
});

/**
 * Trains the weights and biases of normalization layers, and the head.
 * @throws AttuneError `E_CONFIG` for options that are wrong; `E_STRATEGY` (in `adapt`) where no layer is a target
 */
export const lnTuning = (options: LnTuningOptions = {}): Strategy => lnTuningMethod.strategy(options);
