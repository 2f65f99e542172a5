import { add } from '@attune/ir';
import { expect, test } from 'vitest';
import { type Model, tokenFields } from '../model.js';
import { embeddingLayer, layerNormLayer, linear, rmsNormLayer } from '../nn/layers.js';
import { adamw } from '../optimizers/adamw.js';
import { constantSchedule } from '../schedules/constant.js';
import { tinyFull, tinyTask } from '../trainer/testing/tiny.js';
import { planModel } from './adapted-model.js';
import { stepOptions } from './step-options.js';

/** Norms as GPT-2 and Llama call them, and a layer that is none but is called so. */
const model: Model = {
  architecture: 'named',
  task: tinyTask,
  config: {},
  maxPositions: 4,
  inputs: tokenFields('inputIds'),
  forward(scope, { inputIds }) {
    const words = embeddingLayer(scope, 'wte', inputIds!, [8, 4]);
    const normalized = rmsNormLayer(scope, 'input_layernorm', layerNormLayer(scope, 'ln_1', words, 1e-5), 1e-6);
    const projected = linear(scope.child('norm'), 'norm_proj', normalized, 4);
    return { logits: add(projected, scope.child('head').parameter('scale', [4])) };
  },
};

test('biases and norms do not decay, whatever they are called', () => {
  const planned = { ...planModel(model, [tinyFull]), weights: new Map(), unstarted: [] };
  const settings = {
    seed: 0,
    emaDecay: undefined,
    numTrainEpochs: 1,
    weightDecay: 0.1,
    maxGradNorm: 1,
    gradientCheckpointing: false,
  };
  const rules = { optimizer: adamw(), schedule: constantSchedule({ learningRate: 1 }) };
  const { updates } = stepOptions(planned, settings, rules, new Map());
  expect(Object.fromEntries(updates.map(({ parameter, weightDecay }) => [parameter.name, weightDecay]))).toEqual({
    'wte.weight': 0.1,
    'ln_1.weight': 0,
    'ln_1.bias': 0,
    'input_layernorm.weight': 0,
    'norm.norm_proj.weight': 0.1,
    'norm.norm_proj.bias': 0,
    'head.scale': 0.1,
  });
});
