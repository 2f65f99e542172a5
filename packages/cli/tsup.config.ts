import { bundled } from '../../scripts/package-build.mjs';

export default bundled({ index: 'src/index.ts', cli: 'src/cli.ts', internal: 'src/internal.ts' });
