// A training step beside PyTorch's: processes that take turns on the same machine, compared by ratios of medians.
import { mkdtempSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { contestant, lastLine, median, python, root, scripts, writeResults } from './common.mjs';

const { backend } = parseArgs({ options: { backend: { type: 'string', default: 'onnx' } } }).values;
const rounds = Number(process.env.ATTUNE_BENCH_ROUNDS ?? 5);
const steps = 3;
const scratch = mkdtempSync(join(tmpdir(), 'attune-bench-'));
await lastLine(python, ['make_step_case.py', '--output', scratch], scripts);

const results = [];
for (const method of ['full', 'lora']) {
  const files = ['--model', join(scratch, 'model'), '--batch', join(scratch, 'batch.safetensors'), '--method', method];
  const adapter = method === 'lora' ? ['--adapter', join(scratch, 'adapter')] : [];
  const pytorch = contestant('pytorch', python, ['step.py', ...files, ...adapter], scripts);
  const attune = contestant(
    'attune',
    'node',
    [`${root}bench/dist/attune-step.js`, '--backend', backend, ...files, ...adapter],
    root,
  );
  const both = [pytorch, attune];
  const times = { pytorch: [], attune: [] };
  const losses = { pytorch: [], attune: [] };
  for (const each of both) await each.ready();
  const firstStep = {};
  for (const each of both) {
    const first = await each.run(5);
    losses[each.name].push(...first.losses);
    firstStep[each.name] = first.times[0];
  }
  const gap = Math.max(...losses.pytorch.map((loss, index) => Math.abs(loss - losses.attune[index])));
  for (let round = 0; round < rounds; round++) {
    for (const each of round % 2 === 0 ? both : both.toReversed())
      times[each.name].push(...(await each.run(steps)).times);
  }
  const memory = {};
  for (const each of both) memory[each.name] = (await each.quit()).peakRssBytes;
  const ratio = median(times.attune) / median(times.pytorch);
  results.push({
    method,
    ratio,
    medians: { pytorch: median(times.pytorch), attune: median(times.attune) },
    times,
    memory,
    firstStep,
    lossGap: gap,
    load: loadavg()[0],
  });
  console.log(
    `${method}: attune ${median(times.attune).toFixed(3)} s, PyTorch ${median(times.pytorch).toFixed(3)} s, ratio ${ratio.toFixed(2)}; ` +
      `peak memory ${(memory.attune / 2 ** 20).toFixed(0)} and ${(memory.pytorch / 2 ** 20).toFixed(0)} MiB; ` +
      `first step ${firstStep.attune.toFixed(1)} s; losses of 5 steps differ by ${gap.toExponential(1)}; load ${loadavg()[0].toFixed(1)}`,
  );
}
writeResults(backend === 'onnx' ? 'step' : `step-${backend}`, {
  date: new Date().toISOString(),
  case: 'BERT 6x384, batch 16x128',
  results,
});
