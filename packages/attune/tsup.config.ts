import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['src/*.ts'],
  bundle: false,
  splitting: false,
  format: 'esm',
  dts: true,
  clean: true,
  target: 'es2023',
});
