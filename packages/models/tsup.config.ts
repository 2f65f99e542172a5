import { defineConfig } from 'tsup';

// A file for each source, so that bundlers leave out what is not used.
export default defineConfig({
  entry: ['src/**/*.ts', '!src/**/*.test.ts', '!src/**/testing/**'],
  bundle: false,
  splitting: false,
  format: 'esm',
  dts: { entry: ['src/index.ts', 'src/internal.ts'] },
  clean: true,
  target: 'es2023',
});
