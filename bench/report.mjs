// Writes the tables of docs/benchmarks.md, and the one of docs/compare.md, from bench/results.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { median, readResults, root } from './common.mjs';
import { readForgetting } from './forgetting-results.mjs';
import { readTransfer, transferRows } from './transfer-results.mjs';

const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
const mebibytes = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
const range = (values) => `${Math.min(...values).toFixed(2)}-${Math.max(...values).toFixed(2)}`;
/** A median and a range of milliseconds, in seconds where they are long. */
const durations = (median, times) =>
  median < 100
    ? `${median.toFixed(1)} ms (${range(times)})`
    : `${(median / 1000).toFixed(2)} s (${range(times.map((time) => time / 1000))})`;
const points = (value) => `${(100 * value).toFixed(2)}%`;

const stepTable = ({ results }) =>
  table(
    ['', 'Attune', 'PyTorch', 'ratio of medians', 'losses of 5 steps differ by', 'peak memory', 'first step'],
    results.map(({ method, medians, times, ratio, lossGap, memory, firstStep }) => [
      method,
      `${medians.attune.toFixed(2)} s (${range(times.attune)})`,
      `${medians.pytorch.toFixed(2)} s (${range(times.pytorch)})`,
      ratio.toFixed(2),
      lossGap.toExponential(0),
      `${mebibytes(memory.attune)} and ${mebibytes(memory.pytorch)}`,
      `${firstStep.attune.toFixed(1)} s`,
    ]),
  );

const webgpuTable = ({ results }) =>
  table(
    [
      '',
      'Attune',
      'jax-js',
      'TensorFlow.js',
      'speed-up over the faster peer',
      'by processor time',
      'losses of 3 steps differ by',
      'kernels: step, a block forward, backward',
      "JavaScript's part of a step",
      'device memory',
    ],
    results.map(({ name, medians, times, ratio, processorRatio, lossGap, facts, hostMilliseconds }) => [
      name,
      ...['attune', 'jax-js', 'tensorflow'].map((side) => durations(medians[side], times[side])),
      ratio.toFixed(2),
      processorRatio.toFixed(2),
      lossGap.toExponential(0),
      `${facts.kernels}, ${facts.blockForward}, ${facts.blockBackward}`,
      `${hostMilliseconds.attune.toFixed(1)} ms`,
      mebibytes(facts.peakBytes),
    ]),
  );

const tables = {
  step: stepTable,
  'step-tfjs': stepTable,
  webgpu: webgpuTable,
  'webgpu-hardware': webgpuTable,
  epoch: ({ results }) =>
    table(
      ['', 'Attune', "transformers' Trainer", 'ratio', 'mean loss', 'peak memory'],
      results.map(({ method, ratio, runs: { attune, pytorch } }) => [
        method,
        `${median(attune.map(({ totalSeconds }) => totalSeconds)).toFixed(0)} s`,
        `${median(pytorch.map(({ totalSeconds }) => totalSeconds)).toFixed(0)} s`,
        ratio.toFixed(2),
        `${attune[0].trainLoss.toFixed(3)} and ${pytorch[0].trainLoss.toFixed(3)}`,
        `${mebibytes(attune[0].peakRssBytes)} and ${mebibytes(pytorch[0].peakRssBytes)}`,
      ]),
    ),
  generate: ({ results }) =>
    table(
      ['', 'first 100 tokens', 'tokens 401 to 500', 'last 100', 'memory after 100 tokens', 'after 1,000'],
      results.map(({ name, milliseconds, memory }) => [
        name,
        ...[0, 4, 9].map((part) => `${milliseconds[part].toFixed(2)} ms`),
        ...[0, 9].map((part) => mebibytes(memory[part])),
      ]),
    ),
  sft: ({ lossGap, losses, before, after, steps }) =>
    [
      table(
        ['', 'before, first batch', 'after 50 steps, last batch'],
        [
          ['loss of Attune', ...[0, 49].map((step) => losses.attune[step].toFixed(4))],
          ['loss of PEFT', ...[0, 49].map((step) => losses.pytorch[step].toFixed(4))],
          ['perplexity on WikiText-2', ...[before, after].map(({ perplexity }) => perplexity.toFixed(2))],
          ['"Who are you?"', ...[before, after].map(({ answer }) => answer.replace(/\s+/g, ' '))],
        ],
      ),
      `The losses of all 50 steps differ by at most ${lossGap.toExponential(0)}. Steps:`,
      table(
        ['rows x tokens', 'Attune', 'PEFT', 'ratio of medians', 'peak memory', 'load of the machine'],
        steps.map(({ name, times, ratio, memory, load }) => [
          name,
          ...['attune', 'pytorch'].map((side) => `${median(times[side]).toFixed(2)} s (${range(times[side])})`),
          ratio.toFixed(2),
          memory ? `${mebibytes(memory.attune)} and ${mebibytes(memory.pytorch)}` : '',
          load.toFixed(1),
        ]),
      ),
    ].join('\n\n'),
  'generate-peers': ({ results, load }) =>
    [
      table(
        [
          '',
          'rows',
          'tokens a second',
          'beside transformers',
          'prompt tokens a second',
          'beside transformers',
          'first token',
          'same tokens',
          'peak memory',
        ],
        results.map(({ name, batch, decode, prefill, firstToken, sameTokens, memory }) => {
          const peer = results.find((each) => each.batch === batch);
          return [
            name,
            batch,
            `${median(decode).toFixed(1)} (${range(decode)})`,
            (median(decode) / median(peer.decode)).toFixed(2),
            median(prefill).toFixed(0),
            (median(prefill) / median(peer.prefill)).toFixed(2),
            `${median(firstToken).toFixed(2)} s`,
            sameTokens,
            mebibytes(memory),
          ];
        }),
      ),
      `Load of the machine: ${load.toFixed(1)}.`,
    ].join('\n\n'),
  memory: ({ results }) =>
    table(
      ['LoRA r 8 on query and value', 'weights', 'after loading, at most', 'after the steps', 'at most'],
      results.map(({ name, weightBytes, loaded, trained }) => [
        name,
        ...[weightBytes, loaded.peak, trained.now, trained.peak].map(megabytes),
      ]),
    ),
  quality: (results) =>
    table(
      ['', 'epochs', 'learning rate', 'Attune', 'PyTorch', 'difference in points'],
      results.map(({ name, epochs, learningRate, attune, pytorch }) => [
        name,
        epochs,
        learningRate,
        points(attune.accuracy),
        points(pytorch.accuracy),
        (100 * (attune.accuracy - pytorch.accuracy)).toFixed(2),
      ]),
    ),
};

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values) => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));
/** A mean, and of several seeds the standard deviation, in points. */
const spread = (values) => {
  const text = (100 * mean(values)).toFixed(1);
  return values.length > 1 ? `${text} ± ${(100 * deviation(values)).toFixed(1)}` : text;
};

/** A row for each method and strength, over its seeds. */
function forgettingTable(results) {
  const groups = new Map();
  for (const run of results) {
    const name = `${run.method} ${run.strength}`;
    groups.set(name, [...(groups.get(name) ?? []), run]);
  }
  const methods = results.map(({ method }) => method);
  const inOrder = [...groups.values()].sort(
    ([one], [other]) => methods.indexOf(one.method) - methods.indexOf(other.method) || one.strength - other.strength,
  );
  return table(
    ['method', 'strength', 'seeds', 'accuracy on the new task', 'on the earlier task, before', 'after', 'forgotten'],
    inOrder.map((runs) => [
      runs[0].method,
      runs[0].strength || '',
      runs.length,
      ...['accuracy', 'before', 'after'].map((name) => spread(runs.map((run) => run[name]))),
      spread(runs.map(({ before, after }) => before - after)),
    ]),
  );
}

/** Puts tables between the comments of a page that bear their names. */
function fill(page, made) {
  const file = join(root, 'docs', page);
  let text = readFileSync(file, 'utf8');
  for (const [name, content] of made) {
    const place = new RegExp(`(<!-- ${name} -->)[^]*?(<!-- /${name} -->)`);
    text = text.replace(place, (_, before, after) => `${before}\n\n${content}\n\n${after}`);
  }
  writeFileSync(file, text);
}

const measured = Object.entries(tables).flatMap(([name, make]) => {
  const results = readResults(name);
  return results ? [[name, make(results)]] : [];
});
const transferred = readTransfer();
const transferHead = ['library', 'data', 'figure', 'Attune', 'the library', 'difference', 'aim'];
if (transferred.length > 0) measured.push(['transfer', table(transferHead, transferRows(transferred))]);
fill('benchmarks.md', measured);
const forgotten = readForgetting();
if (forgotten.length > 0) fill('compare.md', [['forgetting', forgettingTable(forgotten)]]);
