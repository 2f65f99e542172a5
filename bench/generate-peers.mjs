// Generation with SmolLM2-135M beside transformers in float32, and beside llama.cpp on GGUF files that Attune wrote: processes
// that take turns.
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { peerDirectory } from '../scripts/peers.mjs';
import { run } from '../scripts/setup.mjs';
import { contestant, median, python, root, scripts, shared, writeResults } from './common.mjs';

const [PROMPT_TOKENS, TOKENS] = [128, 48];
const rounds = Number(process.env.ATTUNE_BENCH_ROUNDS ?? 5);
const program = join(root, 'bench', 'dist', 'attune-generate.js');
const scratch = mkdtempSync(join(tmpdir(), 'attune-bench-'));
const model = join(scratch, 'model');
const prompts = join(scratch, 'prompts.json');
run('node', [program, '--model', join(shared, 'models', 'smollm2-135m-instruct'), '--prepare', scratch]);

const ours = ['--model', model, '--prompts', prompts];
const contestants = [
  contestant('transformers, float32', python, ['generate.py', ...ours], scripts),
  contestant('Attune, float32', 'node', [program, ...ours], root),
  contestant('Attune, NF4', 'node', [program, ...ours, '--quantize'], root),
  ...llamaCpp('f16', 'q8_0', 'q4_0'),
];
for (const each of contestants) await each.ready();

const results = [];
for (const batch of [1, 8]) {
  const sides = contestants.filter(({ name }) => batch === 1 || !name.startsWith('llama.cpp'));
  const made = new Map(sides.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const { name, ask } of round % 2 === 0 ? sides : sides.toReversed()) {
      made.get(name).push(await ask(`run ${batch} ${TOKENS}`));
    }
  }
  const [wanted] = made.values();
  for (const [name, [{ ids }, ...measured]] of made) {
    // The first round compiles and warms up.
    const firstToken = measured.map(({ times }) => times[0]);
    const other = ids.findIndex((id, place) => id !== wanted[0].ids[place]);
    results.push({
      name,
      batch,
      firstToken,
      prefill: firstToken.map((time) => (batch * PROMPT_TOKENS) / time),
      decode: measured.map(({ times }) => (batch * (TOKENS - 1)) / (times.at(-1) - times[0])),
      sameTokens: other < 0 ? TOKENS : other,
      memory: measured.at(-1).peakRssBytes,
    });
  }
}
for (const { end } of contestants) end();
rmSync(scratch, { recursive: true });
for (const { name, batch, decode, prefill, firstToken, sameTokens, memory } of results) {
  console.log(
    `batch ${batch}, ${name}: ${median(decode).toFixed(1)} tokens/s, prompt ${median(prefill).toFixed(0)} tokens/s, first token ` +
      `after ${(1000 * median(firstToken)).toFixed(0)} ms, ${sameTokens} tokens as transformers, ${(memory / 2 ** 20).toFixed(0)} MiB`,
  );
}
writeResults('generate-peers', {
  date: new Date().toISOString(),
  case: `SmolLM2-135M-Instruct, prompts of ${PROMPT_TOKENS} tokens, ${TOKENS} new ones, greedy, two threads`,
  results,
  load: loadavg()[0],
});

/** None if node-llama-cpp or its binary for this machine is missing. */
function llamaCpp(...dtypes) {
  const system = { linux: 'linux', darwin: 'mac', win32: 'win' }[process.platform];
  const binary = `@node-llama-cpp/${system}-${process.arch}${system === 'mac' && process.arch === 'arm64' ? '-metal' : ''}`;
  const directory = peerDirectory('node-llama-cpp@3.22.1', `${binary}@3.22.1`);
  if (directory === undefined) {
    console.log(`Without llama.cpp: npm could not install node-llama-cpp and ${binary}.`);
    return [];
  }
  const side = join(root, 'bench', 'llama-cpp-generate.mjs');
  return dtypes.map((dtype) => {
    const args = [side, directory, join(scratch, `${dtype}.gguf`), prompts];
    return contestant(`llama.cpp, ${dtype.toUpperCase()}`, 'node', args, root);
  });
}
