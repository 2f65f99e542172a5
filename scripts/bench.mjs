// `npm run bench`: a training step and an epoch beside PyTorch, then the tables of docs/benchmarks.md.
// `npm run bench -- quality` compares accuracies instead (an hour); any of step, epoch, quality may be named.
// `npm run bench -- --backend tfjs` measures the step on native TensorFlow, which attune-tfjs-setup sets up.
import { parseArgs } from 'node:util';
import { pythonForProofs } from './python.mjs';
import { build, root, run } from './setup.mjs';

const benchmarks = ['step', 'epoch', 'quality'];
const { values, positionals: wanted } = parseArgs({
  options: { backend: { type: 'string', default: 'onnx' } },
  allowPositionals: true,
});
const others = values.backend === 'onnx' ? benchmarks : ['step'];
const unknown = wanted.find((name) => !others.includes(name));
if (unknown !== undefined) {
  console.error(`There is no benchmark "${unknown}" on ${values.backend}; there are ${others.join(', ')}.`);
  process.exit(2);
}
build();
const env = { ...process.env, ATTUNE_PYTHON: pythonForProofs() };
const names = wanted.length > 0 ? wanted : others.filter((name) => name !== 'quality');
for (const name of names) run('node', [`${root}bench/${name}.mjs`, '--backend', values.backend], { env });
run('node', [`${root}bench/report.mjs`]);
