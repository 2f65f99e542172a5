/** Infused adapter by inhibiting and amplifying inner activations (Liu et al. 2022), as PEFT has it. */
import type { Strategy } from '@attune/core';
import { parseOptions } from '@attune/core/internal';
import { reshape } from '@attune/ir';
import * as z from 'zod/mini';
import { defineAdapter } from './adapters/define-adapter.js';
import { ModuleNames } from './adapters/module-names.js';
import { patternBudget, wholePath } from './adapters/patterns.js';
import { targetProblem, targetShape } from './adapters/target-options.js';

const name = z.string().check(z.minLength(1));

const ia3Schema = z.strictObject({
  ...targetShape,
  /**
   * Those of the targets whose inputs are scaled in place of their outputs, as for `targetModules`; `output.dense` and
   * `down_proj` by default, as far as they are targets.
   */
  feedforwardModules: z._default(z.union([name, z.array(name)]), ['output.dense', 'down_proj']),
});

export type Ia3Options = z.input<typeof ia3Schema>;
export type Ia3Settings = z.output<typeof ia3Schema>;

export const ia3Method = defineAdapter<Ia3Settings>({
  name: 'ia3',
  peftType: 'IA3',
  // Liu et al., section 3.3.
  recipe: { learningRate: () => 3e-3, epochFactor: 2 },
  parse: (options) => parseOptions(ia3Schema, options, 'ia3', targetProblem),
  kinds: { linear: true, embedding: false, layer_norm: false, rms_norm: false },
  // PEFT's for BERT's relatives and for those of Llama.
  defaultTargets: ['key', 'value', 'output.dense', 'k_proj', 'v_proj', 'down_proj'],
  fields: { feedforwardModules: 'feedforward_modules' },
  withoutFields: ['layersToTransform', 'layersPattern'],
  file: { constants: { init_ia3_weights: true } },
  parameters: { ia3_l: {} },
  isExclusive: true,
  change({ feedforwardModules: modules }) {
    const names = typeof modules === 'string' ? undefined : new ModuleNames(modules);
    const isFeedforward = names ? names.end.bind(names) : wholePath(String(modules), patternBudget());
    return ({ path, shape, parameter }) => {
      const [out, width] = shape as [number, number];
      const isInput = isFeedforward(path);
      const factors = parameter('ia3_l.*', isInput ? [1, width] : [out, 1], { kind: 'constant', value: 1 });
      const scale = reshape(factors, [isInput ? width : out]);
      return { delta: [], ...(isInput ? { input: { scale } } : { output: scale }) };
    };
  },
});

/**
 * A factor for each output of the chosen layers, for feed-forward layers for each input.
 * @throws AttuneError `E_CONFIG` for options that are wrong; `E_STRATEGY` (in `adapt`) where no layer is a target
 */
export const ia3 = (options: Ia3Options = {}): Strategy => ia3Method.strategy(options);
