// Fine-tuning of SmolLM2-135M by LoRA beside PEFT: the same batches from the same weights, by processes that take turns. First
// 50 steps over what the model is to say of itself and other answers, for the losses and for what it says afterwards; then
// steps over full rows, for the time and the memory.
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../scripts/setup.mjs';
import { contestant, median, python, root, scripts, shared, writeResults } from './common.mjs';

const base = join(shared, 'models', 'smollm2-135m-instruct');
const adapter = join(shared, 'golden', 'real', 'smollm2-sft-lora', 'adapter_init');
const program = `${root}bench/dist/attune-sft.js`;
const scratch = mkdtempSync(join(tmpdir(), 'attune-bench-'));
run('node', [program, '--model', base, '--prepare', scratch]);

async function both(batch, learningRate) {
  const options = ['--batch', join(scratch, batch), '--adapter', adapter, '--learning-rate', learningRate];
  const task = ['--task', 'causal-language-modeling', '--method', 'lora'];
  const pytorch = contestant(
    'pytorch',
    python,
    ['step.py', '--model', join(scratch, 'model'), ...task, ...options],
    scripts,
  );
  const attune = contestant('attune', 'node', [program, '--model', base, ...options], root);
  const ready = { pytorch: (await pytorch.ready()).peakRssBytes, attune: (await attune.ready()).peakRssBytes };
  return { pytorch, attune, ready };
}

/** Times and losses of both, which take turns. */
async function turns({ pytorch, attune }, rounds, steps) {
  const times = { pytorch: [], attune: [] };
  const losses = { pytorch: [], attune: [] };
  for (let round = 0; round < rounds; round++) {
    for (const each of round % 2 === 0 ? [pytorch, attune] : [attune, pytorch]) {
      const made = await each.run(steps);
      times[each.name].push(...made.times);
      losses[each.name].push(...made.losses);
    }
  }
  return { times, losses };
}

const ends = async ({ pytorch, attune }) => ({
  pytorch: (await pytorch.quit()).peakRssBytes,
  attune: (await attune.quit()).peakRssBytes,
});
const ratioOf = ({ pytorch, attune }) => median(attune) / median(pytorch);
const gapOf = ({ pytorch, attune }) => Math.max(...pytorch.map((loss, index) => Math.abs(loss - attune[index])));

const taught = await both('taught.safetensors', '1e-3');
const said = async () => ({
  answer: (await taught.attune.ask('answer')).answers[0].completion,
  perplexity: (await taught.attune.ask('perplexity')).perplexity,
});
const before = await said();
const { losses, times: taughtTimes } = await turns(taught, 10, 5);
const after = await said();
await ends(taught);
console.log(`losses of 50 steps differ by ${gapOf(losses).toExponential(1)}; "${before.answer}" -> "${after.answer}"`);
console.log(`perplexity on WikiText-2: ${before.perplexity.toFixed(2)} before, ${after.perplexity.toFixed(2)} after`);
const results = {
  date: new Date().toISOString(),
  case: 'SmolLM2-135M-Instruct, LoRA r 8 on query and value, float32',
  losses,
  lossGap: gapOf(losses),
  before,
  after,
  steps: [{ name: '2x64', times: taughtTimes, ratio: ratioOf(taughtTimes), load: loadavg()[0] }],
};
writeResults('sft', results);

const full = await both('full.safetensors', '1e-4');
await turns(full, 1, 2);
const { times } = await turns(full, Number(process.env.ATTUNE_BENCH_ROUNDS ?? 5), 1);
const memory = await ends(full);
rmSync(scratch, { recursive: true });
results.steps.push({ name: '4x256', times, ratio: ratioOf(times), memory, ready: full.ready, load: loadavg()[0] });
writeResults('sft', results);
for (const { name, times, ratio } of results.steps)
  console.log(
    `${name}: attune ${median(times.attune).toFixed(2)} s, PEFT ${median(times.pytorch).toFixed(2)} s, ratio ${ratio.toFixed(2)}`,
  );
