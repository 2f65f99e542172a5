import { planModel } from '@attune/core/internal';
import { loadModel } from '@attune/models';
import { tinyBert } from '@attune/models/testing/tiny-bert';
import { expect, test } from 'vitest';
import { dora, doraMethod } from '../dora.js';
import { ia3Method } from '../ia3.js';
import { lnTuningMethod } from '../ln-tuning.js';
import { lohaMethod } from '../loha.js';
import { lokrMethod } from '../lokr.js';
import { lora, loraMethod } from '../lora.js';
import { oftMethod } from '../oft.js';
import { prefixTuningMethod } from '../prefix-tuning.js';
import { promptTuningMethod } from '../prompt-tuning.js';
import { adapterConformance } from '../testing/adapter-conformance.js';
import { vera, veraMethod } from '../vera.js';

const everywhere = { targetModules: ['query', 'output.dense', 'word_embeddings'], r: 2 };

adapterConformance({ method: loraMethod, options: { ...everywhere, loraBias: true } });
adapterConformance({ method: doraMethod, options: everywhere, isReversible: false });
adapterConformance({ method: veraMethod, options: { r: 4, targetModules: ['query', 'intermediate.dense'] } });
adapterConformance({ method: ia3Method, options: { targetModules: ['key', 'output.dense'] }, isReversible: false });
adapterConformance({ method: lohaMethod, options: { targetModules: ['query'], r: 2 } });
adapterConformance({
  method: lokrMethod,
  options: { targetModules: ['query', 'intermediate.dense'], r: 1, decomposeBoth: true },
});
adapterConformance({ method: oftMethod, options: { oftBlockSize: 4, useCayleyNeumann: false }, isReversible: false });
adapterConformance({ method: lnTuningMethod, isReversible: false });
adapterConformance({ method: promptTuningMethod, options: { numVirtualTokens: 3 }, changesAtStart: true });
adapterConformance({ method: prefixTuningMethod, options: { numVirtualTokens: 3 }, changesAtStart: true });

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
