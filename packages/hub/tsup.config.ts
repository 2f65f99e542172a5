import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['src/index.ts', 'src/node.ts', 'src/directory.ts', 'src/directory-browser.ts'],
  format: 'esm',
  dts: true,
  clean: true,
  target: 'es2023',
});
