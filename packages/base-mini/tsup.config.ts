import { bundled } from '../../scripts/package-build.mjs';

export default bundled(['src/index.ts']);
