// `npm run anywhere [-- --steps N --only TEXT --again]`: one training script on every backend and runtime; docs/anywhere.md.
// `--gpu NAME` takes the machine's GPU for WebGPU, and keeps results under its name.
import { bundleProgram, runExample } from './run-example.mjs';
import { build } from './setup.mjs';
import { softwareAdapter } from './software-adapter.mjs';

build();
await bundleProgram('examples/anywhere/page', {
  platform: 'browser',
  packages: 'bundle',
  // What only Node loads.
  external: ['onnxruntime-node', '@tensorflow/tfjs-node*'],
});
const args = process.argv.slice(2);
const hasGpu = args.some((argument) => argument.startsWith('--gpu'));
await runExample('anywhere/anywhere-command', args, hasGpu ? {} : softwareAdapter());
