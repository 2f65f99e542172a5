// `npm run parity -- DIR [--backend NAME] [--only TEXT]`
import { build, root, run } from './setup.mjs';

build();
run('node', [`${root}packages/cli/dist/parity.js`, ...process.argv.slice(2)], { cwd: process.cwd() });
