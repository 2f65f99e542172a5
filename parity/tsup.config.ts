import { defineConfig } from 'tsup';

export default defineConfig({
  entry: { parity: 'src/cli.ts' },
  format: 'esm',
  clean: true,
  target: 'es2023',
});
