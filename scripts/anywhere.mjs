// `npm run anywhere [-- --steps N --only TEXT --again]`: one training script on every backend and runtime; docs/anywhere.md.
import { bundleExample, runExample } from './run-example.mjs';
import { build } from './setup.mjs';
import { softwareAdapter } from './software-adapter.mjs';

build();
await bundleExample('anywhere/page', {
  platform: 'browser',
  packages: 'bundle',
  // What only Node loads.
  external: ['onnxruntime-node', '@tensorflow/tfjs-node*'],
});
await runExample('anywhere/anywhere-command', process.argv.slice(2), softwareAdapter());
