// `npm run bench`
import { build, root, run } from './setup.mjs';

build();
run('node', [`${root}bench/bench.mjs`]);
