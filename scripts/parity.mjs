// `npm run parity -- DIR [--backend NAME] [--only TEXT]`. WebGPU runs on SwiftShader where there is a Chromium that brings it.
import { build, root, run } from './setup.mjs';
import { softwareAdapter } from './software-adapter.mjs';

build();
run('node', [`${root}parity/dist/parity.js`, ...process.argv.slice(2)], {
  cwd: process.cwd(),
  env: { ...process.env, ...softwareAdapter() },
});
