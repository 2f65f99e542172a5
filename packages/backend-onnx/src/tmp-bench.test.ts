import { test } from 'vitest';
import { adamw, linearSchedule, optimizerState, runPasses, traceLoss, trainStep, sequenceClassification, initialize, runPass, peakBytes, legalize, rematerialize, canonicalize, eliminateCommonSubexpressions, foldConstants } from '@attune/core';
import { onnx } from '@attune/backend-onnx';
import { hostTensor, tensorType, zeros, uniform, elementCount, type Buffer, type Program } from '@attune/ir';
import { bert } from '../../models/src/bert/architecture.js';

const L = Number(process.env.LAYERS ?? 6);
test('bench', async () => {
  const drop = Number(process.env.DROP ?? 0);
  const config = { model_type: 'bert', vocab_size: 30522, hidden_size: 384, num_hidden_layers: L, num_attention_heads: 12, intermediate_size: 1536, max_position_embeddings: 512, type_vocab_size: 2, layer_norm_eps: 1e-12, hidden_act: 'gelu', hidden_dropout_prob: drop, attention_probs_dropout_prob: drop, pad_token_id: 0 };
  const family = bert.create(config, 'x');
  const model = { architecture: 'bert', task: 'sequence-classification', config, maxPositions: 512, inputNames: family.inputNames, forward: family.forward('sequence-classification', { labels: 77 }) } as const;
  const [B, T] = [16, 128];
  const batch = { inputIds: tensorType([B, T], 'i32'), attentionMask: tensorType([B, T], 'i32'), tokenTypeIds: tensorType([B, T], 'i32'), labels: tensorType([B], 'i32') };
  let t = performance.now();
  const lap = (name: string) => { console.log(name, (performance.now() - t).toFixed(0), 'ms'); t = performance.now(); };
  const traced = traceLoss({ model, batch, objective: sequenceClassification({ classes: 77 }), training: true });
  lap('trace');
  const options = { updates: traced.parameters.map((parameter) => ({ parameter, learningRateScale: 1, weightDecay: 0.01 })), optimizer: adamw(), schedule: linearSchedule({ learningRate: 1e-4, trainingSteps: 100 }), clip: { maxNorm: 1 } };
  const step = trainStep(traced, options);
  lap('trainStep');
  const device = await onnx({ threads: 2 } as never).open();
  lap('open');
  const variants: Record<string, Program> = { plain: step, legal: runPass('legalize', step, device.capabilities) };
  if (process.env.PROF) { for (let k = 0; k < 3; k++) { let cur = step; for (const name of ['cse','canonicalize','fold','cse','dce','legalize','cse','canonicalize','fold','cse','dce'] as const) { t = performance.now(); cur = runPass(name, cur, device.capabilities); lap(name + ' ' + cur.ops.length); } } return; }
  t = performance.now();
  variants.passes = runPasses(step, device.capabilities); lap('runPasses');
  for (const disable of (process.env.DISABLE ?? '').split(',').filter(Boolean)) variants['no-' + disable] = runPasses(step, device.capabilities, { disable: [disable as 'cse'] });
  t = performance.now();
  for (const [name, p] of Object.entries(variants)) if (process.env.HIST && name==='passes') { const h: Record<string, number> = {}; for (const o of p.ops) { const k = o.definition.name + ' ' + p.types[o.outputs[0]!]!.shape; h[k] = (h[k] ?? 0) + 1; } console.log(Object.entries(h).sort((a, b) => b[1] - a[1]).slice(0, 90).map(([k, v]) => v + ' ' + k).join('\n')); }
 for (const [name, p] of Object.entries(variants)) if (process.env.PRINT && name==='passes') (await import('node:fs')).writeFileSync('/tmp/prog.txt', (await import('@attune/ir')).print(p));
  for (const [name, p] of Object.entries(variants)) console.log(name, 'ops', p.ops.length, 'peak MB', (peakBytes(p) / 1e6).toFixed(0));
  if (process.env.REMAT) {
    const base = variants.passes; t = performance.now();
    for (const f of [0.75, 0.5, 0.25]) { const r = rematerialize(base, { budgetBytes: peakBytes(base) * f }); lap('remat ' + f); console.log(r.ops.length, peakBytes(r) / 1e6); }
    const r = rematerialize(base, { budgetBytes: peakBytes(base) * 0.5, recompute: 'cheap' }); lap('remat cheap'); console.log(r.ops.length, peakBytes(r) / 1e6);
    return;
  }
  if (process.env.PRINT) return;
  const times: Record<string, number[]> = {};
  const runners: [string, () => Promise<number>][] = [];
  for (const [name, program] of Object.entries(variants)) {
    if (name === 'plain') continue;
    t = performance.now();
    const exe = await device.compile(program);
    lap('compile ' + name); console.log('kernels', exe.report.kernels);
    const carried = new Map<string, Buffer>();
    for (const p of traced.parameters) carried.set(p.name, device.upload(initialize(p.initializer ?? { kind: 'normal', standardDeviation: 0.02 }, p.type, 0, p.name)));
    for (const s of optimizerState(options)) carried.set(s.name, device.upload(zeros(s.type)));
    let n = 0;
    runners.push([name, async () => {
      const inputs = program.inputs.map(({ name: i, value }) => {
        const c = carried.get(i); if (c) return c;
        const type = program.types[value]!;
        if (i === 'step') return device.upload(hostTensor([], [n], 'i32'));
        if (i === 'total/targets') return device.upload(hostTensor([], [B]));
        if (i === 'key') return device.upload(hostTensor([2], [1, n], 'u32'));
        if (i === 'batch/inputIds') return device.upload(uniform([B, T], [0, 30000], 1, 'i32'));
        if (i === 'batch/labels') return device.upload(uniform([B], [0, 77], 2, 'i32'));
        if (i === 'batch/attentionMask') return device.upload(hostTensor(type.shape, new Int32Array(elementCount(type.shape)).fill(1), 'i32'));
        return device.upload(zeros(type));
      });
      n++;
      const s = performance.now();
      const outputs = await exe.run(inputs);
      const ms = performance.now() - s;
      let loss = 0;
      for (const [i, o] of program.outputs.entries()) { if (carried.has(o.name)) carried.set(o.name, outputs[i]!); else { if (o.name === 'loss') loss = (await device.download(outputs[i]!)).data[0]!; outputs[i]![Symbol.dispose](); } }
      for (const [i, { name: nm }] of program.inputs.entries()) if (!carried.has(nm)) inputs[i]![Symbol.dispose]();
      if (n < 4 || n === 8) console.log(name, n, 'loss', loss, ms.toFixed(0));
      return ms;
    }]);
  }
  for (let i = 0; i < Number(process.env.STEPS ?? 8); i++) for (const [name, run] of runners) (times[name] ??= []).push(await run());
  for (const [name, ms] of Object.entries(times)) console.log(name, 'median', ms.sort((a, b) => a - b)[ms.length >> 1]!.toFixed(0));
}, 600000);
