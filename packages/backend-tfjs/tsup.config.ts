import { bundled } from '../../scripts/package-build.mjs';

export default bundled({ index: 'src/index.ts', setup: 'src/setup/node-command.ts' });
