// `npm run bench`: a training step and an epoch beside PyTorch, what a token costs as a text grows, then the tables of docs/benchmarks.md.
// `npm run bench -- quality` compares accuracies instead (an hour), `-- defaults [--only TEXT] [--worker 0/2]` the
// chosen recipe with others (a day and more), `-- vectors` measures word vectors, `-- forgetting [--only TEXT]` what a
// model forgets (an hour), `-- ulmfit [--only TEXT]` what each ingredient of ULMFiT adds (hours), `-- sft` fine-tuning
// of SmolLM2 beside PEFT (a quarter of an hour), `-- generate` what it writes beside transformers and llama.cpp too (ten
// minutes), `-- transfer [--only TEXT]` transfer learning beside the Python libraries for it (hours), `-- memory`
// what fine-tuning takes of memory (some minutes); any of step, epoch, generate, quality, defaults, vectors, forgetting,
// ulmfit, sft, transfer, memory may be named.
// `npm run bench -- --backend tfjs` measures the step on native TensorFlow, which attune-tfjs-setup sets up.
// `npm run bench -- --backend webgpu` measures steps in Chromium beside jax-js and TensorFlow.js: on SwiftShader, or on a GPU
// with `--adapter hardware`; with `--runtime node` in Node.
import { parseArgs } from 'node:util';
import { pythonForProofs, pythonForTransfer } from './python.mjs';
import { bundleProgram } from './run-example.mjs';
import { build, root, run } from './setup.mjs';
import { softwareAdapter } from './software-adapter.mjs';

/** What takes so long that it has to be named. */
const longer = ['quality', 'defaults', 'vectors', 'forgetting', 'ulmfit', 'sft', 'transfer', 'memory'];
/** What can be measured on each backend. */
const benchmarks = {
  onnx: ['step', 'epoch', 'generate', ...longer],
  tfjs: ['step'],
  webgpu: ['webgpu'],
};
const own = ['adapter', 'runtime', 'tasks', 'rounds', 'steps', 'only', 'worker'].map((name) => [
  name,
  { type: 'string' },
]);
const { values, positionals: wanted } = parseArgs({
  options: { backend: { type: 'string', default: 'onnx' }, ...Object.fromEntries(own) },
  allowPositionals: true,
});
const others = benchmarks[values.backend];
if (!others) {
  console.error(
    `There is no benchmark on "${values.backend}"; there are some on ${Object.keys(benchmarks).join(', ')}.`,
  );
  process.exit(2);
}
const unknown = wanted.find((name) => !others.includes(name));
if (unknown !== undefined) {
  console.error(`There is no benchmark "${unknown}" on ${values.backend}; there are ${others.join(', ')}.`);
  process.exit(2);
}
/** Programs that measure Attune alone. */
const ownPrograms = ['defaults', 'generate', 'forgetting', 'ulmfit'];
/** Attune's sides of those that measure it beside others. */
const sides = {
  step: 'attune-step',
  epoch: 'attune-epoch',
  sft: 'attune-sft',
  generate: 'attune-generate',
  memory: 'attune-memory',
};
build();
const names = wanted.length > 0 ? wanted : others.filter((name) => !longer.includes(name));
const options = Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]);
// What jax-js takes of ES2025 is behind a flag in Node 20.
const flags = 'Iterator' in globalThis ? [] : ['--harmony-iterator-helpers'];
const env = { ...process.env, ...adapterOf(values), ATTUNE_ROOT: root };
for (const name of names) {
  for (const program of await programsOf(name))
    run('node', [...flags, program, ...options], { env: { ...env, ...pythonOf(name) } });
}
run('node', [`${root}bench/report.mjs`]);

/** The programs of a benchmark; if one starts Attune's side beside others, that is bundled too. */
async function programsOf(name) {
  if (sides[name]) await bundleProgram(`bench/${sides[name]}`);
  const isTyped = [...ownPrograms, 'transfer'].includes(name);
  const program = isTyped ? await bundleProgram(`bench/${name}`) : `${root}bench/${name}.mjs`;
  return name === 'generate' ? [program, `${root}bench/generate-peers.mjs`] : [program];
}

/** SwiftShader, unless another adapter is wanted. */
function adapterOf({ backend, adapter }) {
  return backend !== 'webgpu' || adapter === 'hardware' ? {} : softwareAdapter();
}

/** The Python that a benchmark measures beside. */
function pythonOf(name) {
  if (['webgpu', 'memory'].includes(name) || (ownPrograms.includes(name) && !sides[name])) return {};
  return { ATTUNE_PYTHON: name === 'transfer' ? pythonForTransfer() : pythonForProofs() };
}
