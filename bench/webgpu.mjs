// A training step on WebGPU beside jax-js and TensorFlow.js: three sides in one page of Chromium that take turns, compared by
// ratios of medians. Their first losses have to agree. `--adapter hardware` takes the machine's GPU instead of SwiftShader,
// `--runtime node` Dawn in this process instead of Chromium; `--tasks tiny-bert,tiny-gpt` sees in seconds whether the sides
// agree. Of other tasks or peers nothing is written.
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { median, writeResults } from './common.mjs';
import { runtimes } from './webgpu/runtimes.mjs';

const { values } = parseArgs({
  options: {
    adapter: { type: 'string', default: 'software' },
    runtime: { type: 'string', default: 'chromium' },
    rounds: { type: 'string', default: process.env.ATTUNE_BENCH_ROUNDS ?? '3' },
    steps: { type: 'string', default: '3' },
    tasks: { type: 'string' },
    peers: { type: 'string', default: 'jax-js,tensorflow' },
    backend: { type: 'string' },
  },
});
/** The tasks that results are written of. */
const written = { software: 'bert,gpt', hardware: 'bert,gpt,minilm' }[values.adapter];
const { tasks = written } = values;
if (!written || !runtimes[values.runtime]) {
  console.error('--adapter is software or hardware, --runtime is chromium or node.');
  process.exit(2);
}
const TOLERANCE = 1e-4;
const WARM_UP = 3;
const peers = values.peers.split(',');
const names = ['attune', ...peers];

async function compare(name, { call, processorTime }) {
  const task = await call(`begin('${name}', ${JSON.stringify(names)})`);
  const first = {};
  for (const side of names) {
    first[side] = await call(`run('${side}', ${WARM_UP})`);
    const words = first[side].map(({ loss, milliseconds }) => `${loss.toFixed(6)} (${milliseconds.toFixed(0)} ms)`);
    console.log(`${name}, first losses of ${side}: ${words.join(', ')}`);
  }
  const losses = Object.fromEntries(names.map((side) => [side, first[side].map(({ loss }) => loss)]));
  const gap = Math.max(
    ...names.flatMap((side) =>
      losses[side].map((loss, step) => Math.abs(loss - losses.attune[step]) / losses.attune[step]),
    ),
  );
  if (!(gap < TOLERANCE)) throw new Error(`${name}: the losses do not agree: ${JSON.stringify(losses)}`);
  const turns = Object.fromEntries(names.map((side) => [side, []]));
  const processor = Object.fromEntries(names.map((side) => [side, []]));
  const loads = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    loads.push(loadavg()[0]);
    for (const side of round % 2 === 0 ? names : names.toReversed()) {
      const before = await processorTime();
      turns[side].push(...(await call(`run('${side}', ${values.steps})`)));
      processor[side].push(((await processorTime()) - before) / values.steps);
    }
  }
  const of = (field) => Object.fromEntries(names.map((side) => [side, turns[side].map((step) => step[field])]));
  const times = of('milliseconds');
  const medians = Object.fromEntries(names.map((side) => [side, median(times[side])]));
  const work = Object.fromEntries(names.map((side) => [side, median(processor[side])]));
  const result = {
    name,
    task,
    adapter: await call('adapterName()'),
    ratio: Math.min(...peers.map((side) => medians[side])) / medians.attune,
    medians,
    times,
    /** Of the processors, a step. */
    processorMilliseconds: work,
    processorRatio: Math.min(...peers.map((side) => work[side])) / work.attune,
    hostMilliseconds: Object.fromEntries(
      Object.entries(of('hostMilliseconds')).map(([side, all]) => [side, median(all)]),
    ),
    firstStep: Object.fromEntries(names.map((side) => [side, first[side][0].milliseconds])),
    losses,
    lossGap: gap,
    facts: await call(`facts('attune')`),
    loads,
  };
  console.log(
    `${name}: ${names.map((side) => `${side} ${medians[side].toFixed(1)} ms (host ${result.hostMilliseconds[side].toFixed(1)})`).join(', ')}; ` +
      `Attune is ${result.ratio.toFixed(2)} times as fast as the better one (${result.processorRatio.toFixed(2)} by processor time: ` +
      `${names.map((side) => work[side].toFixed(0)).join(', ')}); losses differ by ${gap.toExponential(1)}; ` +
      `${JSON.stringify(result.facts)}; loads ${loads.map((load) => load.toFixed(1)).join(' ')}`,
  );
  return result;
}

const results = [];
for (const name of tasks.split(',')) {
  const options = { name, isOnHardware: values.adapter === 'hardware' };
  results.push(await runtimes[values.runtime](options, (page) => compare(name, page)));
}
if (tasks === written && peers.length === 2)
  writeResults(values.adapter === 'software' ? 'webgpu' : 'webgpu-hardware', {
    date: new Date().toISOString(),
    runtime: values.runtime,
    results,
  });
// Dawn's threads may keep the process.
process.exit();
