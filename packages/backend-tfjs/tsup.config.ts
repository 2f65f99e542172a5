import { defineConfig } from 'tsup';

export default defineConfig({
  entry: { index: 'src/index.ts', setup: 'src/setup/node-command.ts' },
  format: 'esm',
  dts: { entry: { index: 'src/index.ts' } },
  clean: true,
  target: 'es2023',
});
