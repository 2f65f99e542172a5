import { adaptModel, type Strategy } from '@attune/core';
import { planModel } from '@attune/core/internal';
import { MemoryStorage } from '@attune/hub';
import { type HostTensor, hostTensor } from '@attune/ir';
import { loadModel } from '@attune/models';
import { forwardOutputs } from '@attune/models/testing/forward-outputs';
import { tinyBert } from '@attune/models/testing/tiny-bert';
import { expect, test } from 'vitest';
import { adaloraMethod } from '../adalora.js';
import { boftMethod } from '../boft.js';
import { bottleneckMethod } from '../bottleneck.js';
import { dora, doraMethod } from '../dora.js';
import { ia3Method } from '../ia3.js';
import { lnTuningMethod } from '../ln-tuning.js';
import { lohaMethod } from '../loha.js';
import { lokrMethod } from '../lokr.js';
import { lora, loraMethod } from '../lora.js';
import { oftMethod } from '../oft.js';
import { pTuning, pTuningMethod } from '../p-tuning.js';
import { prefixTuningMethod } from '../prefix-tuning.js';
import { promptTuningMethod } from '../prompt-tuning.js';
import { adapterConformance } from '../testing/adapter-conformance.js';
import { distance } from '../testing/base-bert.js';
import { vera, veraMethod } from '../vera.js';
import { loadAdapter } from './load.js';

const everywhere = { targetModules: ['query', 'output.dense', 'word_embeddings'], r: 2 };

adapterConformance({ method: loraMethod, options: { ...everywhere, loraBias: true } });
adapterConformance({ method: doraMethod, options: everywhere, isReversible: false });
adapterConformance({ method: adaloraMethod, options: { initR: 3, targetR: 2, tinit: 5, totalStep: 10 } });
adapterConformance({ method: veraMethod, options: { r: 4, targetModules: ['query', 'intermediate.dense'] } });
adapterConformance({ method: ia3Method, options: { targetModules: ['key', 'output.dense'] }, isReversible: false });
adapterConformance({ method: lohaMethod, options: { targetModules: ['query'], r: 2 } });
adapterConformance({
  method: lokrMethod,
  options: { targetModules: ['query', 'intermediate.dense'], r: 1, decomposeBoth: true },
});
adapterConformance({ method: oftMethod, options: { oftBlockSize: 4, useCayleyNeumann: false }, isReversible: false });
adapterConformance({
  method: boftMethod,
  options: { targetModules: ['query', 'intermediate.dense'], boftNButterflyFactor: 3 },
  isReversible: false,
});
adapterConformance({ method: bottleneckMethod, options: { config: 'parallel', mhAdapter: true, scaling: 'learned' } });
adapterConformance({ method: lnTuningMethod, isReversible: false });
adapterConformance({ method: promptTuningMethod, options: { numVirtualTokens: 3 }, changesAtStart: true });
adapterConformance({
  method: pTuningMethod,
  options: { numVirtualTokens: 3, encodes: false },
  changesAtStart: true,
});
adapterConformance({ method: prefixTuningMethod, options: { numVirtualTokens: 3 }, changesAtStart: true });

test.each(['MLP', 'LSTM'] as const)('p-tuning by an %s saves the tokens that its encoder makes', async (type) => {
  const { model, weights } = await loadModel(await tinyBert(), { task: 'sequence-classification', labels: ['a', 'b'] });
  const strategy = pTuning({ numVirtualTokens: 3, encoderReparameterizationType: type, encoderHiddenSize: 5 });
  const adapted = adaptModel(model, weights, [strategy], 0);
  const storage = new MemoryStorage('adapter');
  await strategy.adapt(model).adapter!.save(storage, adapted.weights, 'base');
  const loaded = await loadAdapter(storage, model);
  expect([...loaded.weights.keys()]).toEqual(['prompt_embeddings.default', 'classifier.weight', 'classifier.bias']);
  const fields = {
    inputIds: hostTensor([1, 3], [2, 5, 3], 'i32'),
    attentionMask: hostTensor([1, 3], [1, 1, 1], 'i32'),
    tokenTypeIds: hostTensor([1, 3], [0, 0, 0], 'i32'),
  };
  const outputs = (own: ReadonlyMap<string, HostTensor>, each: Strategy) => {
    const { model: wrapped, rewrites } = planModel(model, [each]);
    return Array.from(forwardOutputs(wrapped, own, fields, rewrites).get('logits')!.data);
  };
  const found = outputs(new Map([...weights, ...loaded.weights]), loaded.strategy);
  expect(distance(found, outputs(adapted.weights, strategy))).toBeLessThan(1e-6);
});

test('sums share a layer under two names; what is no sum is refused beside any other, by both names', async () => {
  const { model } = await loadModel(await tinyBert(), { task: 'sequence-classification', labels: ['a', 'b'] });
  const names = [...planModel(model, [lora(), lora({ adapterName: 'second' }), vera()]).trainable];
  for (const part of ['lora_A.default', 'lora_A.second', 'vera_lambda_b.default']) {
    expect(names.some((name) => name.includes(part))).toBe(true);
  }
  expect(() => planModel(model, [dora(), lora({ adapterName: 'second' })])).toThrow(
    expect.objectContaining({
      code: 'E_STRATEGY',
      message: expect.stringContaining('dora "default" and lora "second" both want the layer'),
    }),
  );
  expect(planModel(model, [dora(), lora({ targetModules: ['key'] })]).trainable.size).toBeGreaterThan(0);
});
