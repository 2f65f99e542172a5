// `npm run bench`: a training step and an epoch beside PyTorch, then the tables of docs/benchmarks.md.
// `npm run bench -- quality` compares accuracies instead (an hour); any of step, epoch, quality may be named.
import { pythonForProofs } from './python.mjs';
import { build, root, run } from './setup.mjs';

const benchmarks = ['step', 'epoch', 'quality'];
const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !benchmarks.includes(name));
if (unknown !== undefined) {
  console.error(`There is no benchmark "${unknown}"; there are ${benchmarks.join(', ')}.`);
  process.exit(2);
}
build();
const env = { ...process.env, ATTUNE_PYTHON: pythonForProofs() };
for (const name of wanted.length > 0 ? wanted : ['step', 'epoch']) run('node', [`${root}bench/${name}.mjs`], { env });
run('node', [`${root}bench/report.mjs`]);
