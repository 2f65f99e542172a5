import { defineConfig } from 'tsup';

export default defineConfig({
  entry: { index: 'src/index.ts', cli: 'src/cli.ts', internal: 'src/internal.ts' },
  format: 'esm',
  dts: true,
  clean: true,
  target: 'es2023',
});
