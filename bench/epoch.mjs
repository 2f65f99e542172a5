// An epoch over Banking77 from the raw CSV, beside transformers' Trainer with its defaults: fresh processes that take turns.
import { loadavg } from 'node:os';
import { banking77, lastLine, median, miniLm, python, root, scripts, writeResults } from './common.mjs';

const rounds = Number(process.env.ATTUNE_BENCH_ROUNDS ?? 1);
const sides = {
  pytorch: (method) =>
    lastLine(python, ['epoch.py', '--method', method, '--model', miniLm, '--train', banking77], scripts),
  attune: (method) =>
    lastLine('node', [
      `${root}bench/dist/attune-epoch.js`,
      '--method',
      method,
      '--model',
      miniLm,
      '--train',
      banking77,
    ]),
};

const results = [];
for (const method of ['full', 'lora']) {
  const runs = { pytorch: [], attune: [] };
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 === 0 ? ['attune', 'pytorch'] : ['pytorch', 'attune'])
      runs[side].push(await sides[side](method));
  }
  const seconds = (side) => median(runs[side].map(({ totalSeconds }) => totalSeconds));
  const ratio = seconds('attune') / seconds('pytorch');
  results.push({ method, ratio, runs, load: loadavg()[0] });
  const mebibytes = (side) => (median(runs[side].map(({ peakRssBytes }) => peakRssBytes)) / 2 ** 20).toFixed(0);
  console.log(
    `epoch, ${method}: attune ${seconds('attune').toFixed(0)} s, transformers' Trainer ${seconds('pytorch').toFixed(0)} s, ` +
      `ratio ${ratio.toFixed(2)}; peak memory ${mebibytes('attune')} and ${mebibytes('pytorch')} MiB`,
  );
}
writeResults('epoch', {
  date: new Date().toISOString(),
  case: 'Banking77, MiniLM, batch 32, maximum length 64',
  results,
});
