// `npm run bench`: a training step and an epoch beside PyTorch, then the tables of docs/benchmarks.md.
// `npm run bench -- quality` compares accuracies instead (an hour); any of step, epoch, quality may be named.
// `npm run bench -- --backend tfjs` measures the step on native TensorFlow, which attune-tfjs-setup sets up.
// `npm run bench -- --backend webgpu` measures steps in Chromium beside jax-js and TensorFlow.js: on SwiftShader, or on a GPU
// with `--adapter hardware`; with `--runtime node` in Node.
import { parseArgs } from 'node:util';
import { pythonForProofs } from './python.mjs';
import { build, root, run } from './setup.mjs';
import { softwareAdapter } from './software-adapter.mjs';

/** What can be measured on each backend. */
const benchmarks = { onnx: ['step', 'epoch', 'quality'], tfjs: ['step'], webgpu: ['webgpu'] };
const own = ['adapter', 'runtime', 'tasks', 'rounds', 'steps'].map((name) => [name, { type: 'string' }]);
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
build();
const env = { ...process.env, ...environmentOf(values) };
const names = wanted.length > 0 ? wanted : others.filter((name) => name !== 'quality');
const options = Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]);
// What jax-js takes of ES2025 is behind a flag in Node 20.
const flags = 'Iterator' in globalThis ? [] : ['--harmony-iterator-helpers'];
for (const name of names) run('node', [...flags, `${root}bench/${name}.mjs`, ...options], { env });
run('node', [`${root}bench/report.mjs`]);

/** What a process needs to find what it measures beside, or SwiftShader. */
function environmentOf({ backend, adapter }) {
  if (backend !== 'webgpu') return { ATTUNE_PYTHON: pythonForProofs() };
  return adapter === 'hardware' ? {} : softwareAdapter();
}
