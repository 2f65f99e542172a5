import { defineConfig } from 'tsup';
import { workerSourceForEsbuild } from '../../scripts/worker-source.mjs';

// A file for each source, so that bundlers leave out what is not used.
export default defineConfig({
  entry: ['src/**/*.ts', '!src/**/*.test.ts', '!src/**/testing/**'],
  bundle: false,
  splitting: false,
  format: 'esm',
  dts: { entry: ['src/index.ts', 'src/internal.ts', 'src/node.ts', 'src/directory.ts', 'src/directory-browser.ts'] },
  clean: true,
  esbuildPlugins: [workerSourceForEsbuild],
  target: 'es2023',
});
